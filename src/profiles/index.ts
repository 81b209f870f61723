export { type AccessSources, makeDecideAccess, type ProviderLink } from './access/index.ts';
export {
  type Agreement,
  findAgreement,
  hasSigned,
  insertAgreement,
  TERMS_OF_USE,
  upsertSignature,
} from './agreements/index.ts';
export {
  type Address,
  claimInvitations,
  createOrganization,
  createPersonalProfile,
  fillAddress,
  findFreeSlug,
  insertProfile,
  inviteManager,
  makeManager,
  type OnAccountClaimed,
  type OnProfileArchived,
  parseProfileFields,
  type ReplacedProfile,
  updateProfile,
} from './profile/index.ts';
export {
  CONTRIBUTOR,
  findHeldRoles,
  findHeldRolesOfUsers,
  findInvitedProfile,
  findManagerIds,
  findPeople,
  findPersonalProfile,
  findProfileByEmail,
  findProfileById,
  findProfileBySlug,
  findProfilesByHandles,
  findProfilesByIds,
  findProfileSummaries,
  findProfileViews,
  findRoleType,
  findRoleTypesBySlugs,
  getBroker,
  getProcessor,
  type HeldRole,
  insertRole,
  insertRoleType,
  lockProfile,
  MANAGER,
  type Person,
  type NewProfile,
  presentProfileDetail,
  presentProfileSummary,
  profileSummaryPart,
  type Profile,
  profileName,
  type ProfileSummary,
  type ProfileView,
  type Role,
  type RoleType,
  sealClearRoleKeys,
  selectHeldRoles,
  selectProfileNames,
  selectProfileSummaries,
  summarizeProfile,
} from './records/index.ts';
export { isBrokerManager } from './policy.ts';
export {
  acceptInvitedManager,
  countInvitation,
  createActivationKey,
  mayBecomeManager,
  removeLinks,
  withVerificationSent,
} from './roles/index.ts';
export { ProfileDetailSchema, ProfileSummarySchema } from './schemas.ts';
export { makeProfilesHooks } from './hooks.ts';
export { makeMenu } from './menu.ts';
export { profileUpdated, roleGrantAccepted, roleGrantCreated, roleRequestCreated, userWelcome } from './events.ts';
export { makeProfiles } from './profiles.ts';
export {
  listMembersSeen,
  memberSeenList,
  MemberSeenSchema,
  presentMembersSeen,
  type Seen,
  selectProfilesSeen,
} from './members/index.ts';
