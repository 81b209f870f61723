// Visits of users to the tagged parts of the application.
export { noVisit, type Visit } from './engagement.ts';
export { type EngagementRecorder, makeEngagementRecorder } from './record-engagement.ts';
export { engagementRoutes } from './routes.ts';
