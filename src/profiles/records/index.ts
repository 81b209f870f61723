export { lockProfilesMadeBy, withdrawConsents } from './claimed-account-store.ts';
export { sealClearRoleKeys } from './clear-key-store.ts';
export { freeUsername } from './free-username.ts';
export { findInvitedProfile, lockInvitedProfiles, moveInvitations } from './invited-profile-store.ts';
export { profileList, listManagedProfiles, listProfiles } from './profile-list-store.ts';
export {
  findPersonalProfile,
  findProfileByEmail,
  findProfileById,
  findProfileBySlug,
  findProfilesByHandles,
  findProfilesByIds,
  getBroker,
  getProcessor,
  insertProfileRow,
  lockProfile,
  type NewProfile,
  selectProfileNames,
  updateProfileRow,
} from './profile-store.ts';
export {
  findProfileViews,
  getProfileView,
  presentProfileDetail,
  presentProfileSummary,
  profileSummaries,
  type ProfileSummary,
  type ProfileView,
  selectProfileViews,
  summarize,
  toProfileView,
} from './profile-summary.ts';
export {
  archiveSlug,
  isArchiveSlug,
  isNoteworthy,
  type Profile,
  profileChanges,
  type ProfileFields,
  profileName,
  protectedFromProviders,
} from './profile.ts';
export { hasProvedAddress, isOfDomain } from './proved-address-store.ts';
export {
  roleTypeList,
  roleList,
  accessibleList,
  listAccessibles,
  listRoles,
  listRolesInState,
  listRoleTypes,
} from './role-list-store.ts';
export { parseRoleStatus, role_statuses, type RoleStatus } from './role-status.ts';
export {
  countRolesOfType,
  countRolesOfUser,
  countRolesOnProfile,
  deleteLapsedInvitations,
  deleteRole,
  deleteRolesOfOthers,
  deleteRolesOnProfile,
  findRole,
  findRoleByGrantKey,
  type HeldRole,
  insertRole,
  isSeller,
  listRolesOfUser,
  lockRole,
  managersOf,
  type NewRole,
  rolesOfUser,
  rolesOfUsers,
  updateRole,
} from './role-store.ts';
export {
  countRoleTypes,
  deleteRoleType,
  findRoleType,
  findRoleTypeInUrl,
  findRoleTypesByIds,
  findRoleTypesOf,
  getManagerType,
  insertRoleType,
  updateRoleType,
} from './role-type-store.ts';
export { CONTRIBUTOR, isBuiltIn, isGlobal, MANAGER, type RoleType, skipsConsent } from './role-type.ts';
export {
  decideGrant,
  decideRequest,
  INVITATION_DAYS,
  isPending,
  refuseAcceptance,
  type Role,
  roleState,
} from './role.ts';
