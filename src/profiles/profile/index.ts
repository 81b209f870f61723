export {
  type ArchivalHooks,
  archiveProfilesOfUser,
  findCreditOfUser,
  isOperator,
  type OnProfileArchived,
} from './archive-profile.ts';
export { claimInvitations, inviteManager, type ReplacedProfile } from './claim-invitations.ts';
export { clearPersonalProfile, type OnAccountClaimed } from './clear-personal-profile.ts';
export { addShadowProfile, createManagedProfile } from './create-managed-profile.ts';
export {
  createOrganization,
  createPersonalProfile,
  findFreeSlug,
  insertProfile,
  makeManager,
  parseProfileFields,
} from './create-profile.ts';
export { type Address, fillAddress } from './fill-address.ts';
export { profilePageTypes } from './page-types.ts';
export { profilePages } from './pages.ts';
export { profileRoutes } from './routes.ts';
export { renamePersonalProfile, updateProfile } from './update-profile.ts';
