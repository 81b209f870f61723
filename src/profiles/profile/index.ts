export { archiveProfilesOfUser, isOperator, type OnProfileArchived } from './archive-profile.ts';
export { claimInvited, inviteManager, type ReplacedProfile } from './claim-invited.ts';
export { clearPersonalProfile, type OnAccountClaimed } from './clear-personal-profile.ts';
export { addShadowProfile, connectProfile } from './connect-profile.ts';
export {
  createOrganization,
  createPersonalProfile,
  freeSlug,
  insertProfile,
  makeManager,
  parseProfileFields,
} from './create-profile.ts';
export { type Address, fillAddress } from './fill-address.ts';
export { profilePages } from './pages.ts';
export { profileRoutes } from './routes.ts';
export { renamePersonalProfile, updateProfile } from './update-profile.ts';
