// People on record, with or without a login, and the notes taken about them.
export { findLead, isLead } from './directory.ts';
export { addActivity, listActivities } from './add-activity.ts';
export { contactsPages } from './pages.ts';
export { contactsRoutes } from './routes.ts';
