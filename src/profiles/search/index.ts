export { findInvitees } from './find-invitees.ts';
export { findProfileCandidates } from './find-profile-candidates.ts';
export { searchRoutes } from './routes.ts';
