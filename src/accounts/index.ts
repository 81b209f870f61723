export { insertUser, type NewUser } from './users/insert-user.ts';
export { refuseApiKey } from './credentials/standing.ts';
export { detachProfile } from './users/detach-profile.ts';
export { followProfile } from './users/follow-profile.ts';
export { claimName, isNameFree, releaseName, type NameOwner } from './users/name-store.ts';
export {
  findUserByEmail,
  findUserById,
  findUserByUsername,
  findUserByVerifiedEmail,
  findVerifiedAddresses,
  findUsersByIds,
  selectUsers,
} from './users/user-store.ts';
export { presentUser, presentUserSummary } from './users/present-user.ts';
export { isEmailVerified, nickName, printableName, type User } from './users/user.ts';
export { parseEmail } from '#kernel/email';
export { parsePhone } from './users/address.ts';
export { isUsername, proposeUsernames } from './users/username.ts';
export { UserDetailSchema, UserSummarySchema, type UserDetail, type UserSummary } from './schemas.ts';
export { openSession, type OpenedSession, type SessionOpening } from './sessions/open-session.ts';
export { makeAccountsSettings, type AccountsConfig, type AccountsSettings } from './settings.ts';
export { hashPassword } from '#platform/security/password';
export { passwordRefusalMessage, refusePassword } from '#platform/security/password-policy';
export {
  prepareVerification,
  type PreparedVerification,
  type VerificationRequest,
} from './verifications/prepare-verification.ts';
export { deleteTotpFactors } from './credentials/totp-store.ts';
export { replaceVerification } from './verifications/replace-verification.ts';
export { userRegistered } from './events.ts';
export { sendProofOfRefused } from './verifications/verify-email.ts';
export { authenticate } from './sessions/authenticate.ts';
export { type OpenCaller, stillSignedIn } from './sessions/still-signed-in.ts';
export { accountsRoutes } from './routes.ts';
export { accountsPages } from './pages.ts';
export { accountsJobs } from './jobs.ts';
export type { AccountsDeps, AccountsHooks } from './hooks.ts';
