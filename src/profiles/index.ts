export { type AccessSources, makeDecideAccess, type ProviderLink } from './access/decide-access.ts';
export { type Agreement, TERMS_OF_USE } from './agreements/agreement.ts';
export { findAgreement, hasSigned, insertAgreement, upsertSignature } from './agreements/agreement-store.ts';
export { claimInvited, inviteManager, type ReplacedProfile } from './claim-invited.ts';
export { findInvitedProfile } from './invited-profile-store.ts';
export {
  createOrganization,
  createPersonalProfile,
  freeSlug,
  insertProfile,
  makeManager,
  parseProfileFields,
} from './create-profile.ts';
export { type Profile, profileName } from './profile.ts';
export {
  findPersonalProfile,
  findProfileByEmail,
  findProfileById,
  findProfileBySlug,
  findProfilesByHandles,
  findProfilesByIds,
  getBroker,
  getProcessor,
  lockProfile,
  type NewProfile,
  selectProfileNames,
} from './profile-store.ts';
export {
  findProfileViews,
  presentProfileDetail,
  presentProfileSummary,
  profileSummaries,
  type ProfileSummary,
  getProfileView,
  type ProfileView,
} from './profile-summary.ts';
export { isBrokerManager } from './policy.ts';
export { CONTRIBUTOR, MANAGER, type RoleType } from './roles/role-type.ts';
export { findRoleType, insertRoleType } from './roles/role-type-store.ts';
export { profilesJobs } from './jobs.ts';
export { type HeldRole, insertRole, isSeller, managersOf, rolesOfUser, rolesOfUsers } from './roles/role-store.ts';
export type { Role } from './roles/role.ts';
export { acceptInvitedManager, mayBecomeManager } from './roles/accept-role.ts';
export { activationKey, takeInvitation, withoutLinks } from './roles/grant-role.ts';
export { sealClearRoleKeys } from './roles/clear-key-store.ts';
export { ProfileDetailSchema, ProfileSummarySchema } from './schemas.ts';
export { type Address, fillAddress } from './fill-address.ts';
export { updateProfile } from './update-profile.ts';
export { type OnProfileArchived } from './archive-profile.ts';
export { type OnAccountClaimed } from './clear-personal-profile.ts';
export { makeProfilesHooks } from './hooks.ts';
export { makeMenu } from './menu.ts';
export type { ProfileNeeds } from './needs.ts';
export { profilesPages } from './pages.ts';
export { profilesRoutes } from './routes.ts';
export { listMembersSeen, presentMembersSeen, selectProfilesSeen, type Seen } from './roles/members-seen.ts';
export { MemberSeenSchema } from './roles/schemas.ts';
export { withProofSent } from './roles/refuse-unverified.ts';
