export { insertUser, type NewUser } from './users/insert-user.ts';
export { claimName, isNameFree, releaseName, type NameOwner } from './users/name-store.ts';
export {
  findUserByEmail,
  findUserById,
  findUserByPhone,
  findUserByUsername,
  findUsersByIds,
  findUsersByUsernames,
} from './users/user-store.ts';
export { presentUser, presentUserSummary } from './users/present-user.ts';
export { printableName, type User } from './users/user.ts';
export { parseEmail, parsePhone } from './users/address.ts';
export { isUsername, proposeUsernames } from './users/username.ts';
export { UserDetailSchema, UserSummarySchema, type UserDetail, type UserSummary } from './schemas.ts';
export { openSession, type OpenedSession, type SessionOpening } from './sessions/open-session.ts';
export { endSessions } from './sessions/session-store.ts';
export { makeAccountsSettings, type AccountsConfig, type AccountsSettings } from './settings.ts';
export { hashPassword } from '#platform/password';
export { passwordRefusalMessage, refusePassword } from '#platform/password-policy';
