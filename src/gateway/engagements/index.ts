// Visits of users to the tagged parts of the application.
export { engagementPage } from './page-types.ts';
export { engagementPages } from './pages.ts';
export { noVisit, type Visit } from './engagement.ts';
export { type EngagementRecorder, makeEngagementRecorder } from './record-engagement.ts';
export { engagementRoutes } from './routes.ts';
