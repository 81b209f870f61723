// Visits of users to the tagged parts of the application.
export { findVisits } from './engagement-store.ts';
export { noVisit, type Visit, type Visits } from './engagement.ts';
export { type EngagementRecorder, makeEngagementRecorder } from './record-engagement.ts';
export { engagementRoutes } from './routes.ts';
