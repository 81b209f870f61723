export { identifierKey, parseIdentifier, parsePhone } from './address.ts';
export { isFirstProof, opensAccount } from './first-proof.ts';
export { followProfile } from './follow-profile.ts';
export { emailTaken, insertUser, type NewUser, phoneTaken } from './insert-user.ts';
export { claimName, detachProfile, isNameFree, type NameOwner, releaseName } from './name-store.ts';
export { isPhoneClaim, releasePhoneClaim } from './phone-claim.ts';
export { presentUser, presentUserSummary } from './present-user.ts';
export { renameUser } from './rename-user.ts';
export { requireSubject } from './require-subject.ts';
export {
  findCredentials,
  findUserByEmail,
  findUserById,
  findUserByIdentifier,
  findUserByPhone,
  findUserByUsername,
  findUserByVerifiedEmail,
  findUsersByIds,
  findVerifiedAddresses,
  lockCredentials,
  markAddressVerified,
  selectUsers,
  updateUserRow,
} from './user-store.ts';
export { isEmailVerified, isPhoneVerified, nickName, printableName, type User } from './user.ts';
export { archivedUsername, isUsername, proposeUsernames } from './username.ts';
