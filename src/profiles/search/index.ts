export { findInvitees } from './find-invitees.ts';
export { searchRoutes } from './routes.ts';
