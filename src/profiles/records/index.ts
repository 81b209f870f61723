export { lockProfilesMadeBy, withdrawConsents } from './claimed-account-store.ts';
export { sealClearRoleKeys } from './clear-key-store.ts';
export { findFreeUsername } from './find-free-username.ts';
export {
  findHeldRoles,
  countPeople,
  findManagedAmong,
  findManagerIds,
  findPeople,
  findRoleHistories,
  findRoleHistory,
  type HeldRole,
  isSeller,
  type Person,
  type RoleHistory,
  selectHeldRoles,
} from './held-role-store.ts';
export { findInvitedProfile, lockInvitedProfiles, moveInvitations } from './invited-profile-store.ts';
export { listManagedProfiles, listProfiles, type ProfileKind, profileList } from './profile-list-store.ts';
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
  lockedProfile,
  lockProfile,
  profileLock,
  processorProfile,
  profilesById,
  type NewProfile,
  selectProfileNames,
  updateProfileRow,
  findProviderCharges,
  updateProviderCharges,
} from './profile-store.ts';
export {
  presentProfileDetail,
  presentProfileSummary,
  type ProfileSummary,
  type ProfileView,
  summarizeProfile,
} from './profile-summary.ts';
export {
  findActiveSummary,
  findProfileSummaries,
  findProfileViews,
  getProfileView,
  profileSummaryPart,
  profileViewPart,
  selectProfileSummaries,
  selectProfileViews,
  toProfileView,
} from './profile-view-store.ts';
export { profile_keys, selectMatchingProfiles, selectNamedProfiles } from './profile-text-store.ts';
export {
  formatArchiveSlug,
  describeProfileChanges,
  findFieldsProtectedFromProviders,
  isArchiveSlug,
  isNoteworthy,
  type Profile,
  type ProfileFields,
  profileName,
  profileType,
} from './profile.ts';
export { provedAddressCondition, verifiedDomainCondition } from './proved-address-store.ts';
export {
  accessibleList,
  findRolesInState,
  listAccessibles,
  listRoles,
  listRoleTypes,
  roleList,
  roleTypeList,
} from './role-list-store.ts';
export { parseRoleStatus, role_statuses, type RoleStatus } from './role-status.ts';
export {
  findWaitingRoles,
  recordRoleReminders,
  activeRoleCondition,
  countRolesOfType,
  countRolesOfUser,
  countRolesOnProfile,
  deleteLapsedInvitations,
  deleteRole,
  deleteRolesOfOthers,
  deleteRolesOnProfile,
  findRole,
  findRoleByGrantKey,
  findRolesOfUser,
  insertRole,
  lockRole,
  type NewRole,
  openRole,
  updateRole,
} from './role-store.ts';
export {
  countRoleTypes,
  deleteRoleType,
  findRoleType,
  findRoleTypeInUrl,
  selectRoleTypeInUrl,
  findRoleTypesByIds,
  findRoleTypesBySlugs,
  findRoleTypesOf,
  getManagerType,
  insertRoleType,
  pickTypeInUrl,
  selectUsableTypes,
  updateRoleType,
} from './role-type-store.ts';
export { CONTRIBUTOR, isBuiltIn, isGlobal, MANAGER, parseRoleSlugs, type RoleType, skipsConsent } from './role-type.ts';
export {
  decideGrant,
  decideRequest,
  INVITATION_DAYS,
  isPending,
  refuseAcceptance,
  type Role,
  roleState,
} from './role.ts';
