export { canonicalIdentifier, parseIdentifier, parsePhone } from './address.ts';
export { isFirstProof, mayOpenAccount } from './first-proof.ts';
export { updateUserFromProfile } from './update-user-from-profile.ts';
export { emailTakenProblem, insertUser, type NewUser, phoneTakenProblem } from './insert-user.ts';
export { claimName, releaseNameOfProfile, isNameFree, type NameOwner, releaseName } from './name-store.ts';
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
  selectNamedUsers,
  selectUsers,
  selectVerifiers,
  userPart,
  updateUserRow,
} from './user-store.ts';
export { isEmailVerified, isPhoneVerified, nickName, printableName, type User } from './user.ts';
export { formatArchivedUsername, isUsername, proposeUsernames } from './username.ts';
