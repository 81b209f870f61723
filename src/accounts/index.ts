export {
  claimName,
  detachProfile,
  findUserByEmail,
  findUserById,
  findUserByUsername,
  findUserByVerifiedEmail,
  findUsersByIds,
  findVerifiedAddresses,
  followProfile,
  insertUser,
  isEmailVerified,
  isNameFree,
  isUsername,
  type NameOwner,
  type NewUser,
  nickName,
  parsePhone,
  presentUser,
  presentUserSummary,
  printableName,
  proposeUsernames,
  releaseName,
  selectUsers,
  type User,
} from './identity/index.ts';
export {
  authenticate,
  type OpenCaller,
  type OpenedSession,
  openSession,
  refuseApiKey,
  type SessionOpening,
  stillSignedIn,
} from './sessions/index.ts';
export { parseEmail } from '#kernel/email';
export { UserDetailSchema, UserSummarySchema, type UserDetail, type UserSummary } from './schemas.ts';
export { makeAccountsSettings, type AccountsConfig, type AccountsSettings } from './settings.ts';
export { hashPassword } from '#platform/security/password';
export { passwordRefusalMessage, refusePassword } from '#platform/security/password-policy';
export {
  type PreparedVerification,
  prepareVerification,
  replaceVerification,
  sendProofOfRefused,
  type VerificationRequest,
} from './verifications/index.ts';
export { deleteTotpFactors } from './credentials/index.ts';
export { userRegistered } from './events.ts';
export { accountsRoutes } from './routes.ts';
export { accountsPages } from './pages.ts';
export { accountsJobs } from './jobs.ts';
export type { AccountsDeps, AccountsHooks } from './hooks.ts';
