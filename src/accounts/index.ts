export {
  claimName,
  releaseNameOfProfile,
  findUserByEmail,
  findUserById,
  findUserByUsername,
  findUserByVerifiedEmail,
  findUsersByIds,
  findVerifiedAddresses,
  updateUserFromProfile,
  insertUser,
  isEmailVerified,
  isNameFree,
  isUsername,
  type NewUser,
  nickName,
  parsePhone,
  presentUser,
  presentUserSummary,
  printableName,
  proposeUsernames,
  releaseName,
  selectNamedUsers,
  selectUsers,
  selectVerifiers,
  type User,
  userPart,
} from './identity/index.ts';
export {
  authenticate,
  peekCaller,
  type OpenedSession,
  openSession,
  findAuthenticatedCallers,
} from './sessions/index.ts';
export { UserDetailSchema, UserSummarySchema, type UserDetail, type UserSummary } from './schemas.ts';
export { makeAccountsSettings, type AccountsConfig, type AccountsSettings } from './settings.ts';
export { prepareVerification, replaceVerification, sendCodeAfterRefusal } from './verifications/index.ts';
export { deleteTotpFactors } from './credentials/index.ts';
export {
  userActivated,
  userArchived,
  userCredentialsChanged,
  userEmailChanged,
  userRegistered,
  userResetPassword,
  userVerification,
  userVerified,
} from './events.ts';
export { requireNoApiKey } from './actor.ts';
export { makeAccounts } from './accounts.ts';
export type { AccountsDeps, AccountsHooks } from './hooks.ts';
