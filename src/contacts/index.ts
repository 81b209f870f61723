export { addActivity } from './add-activity.ts';
export { makeContacts } from './contacts.ts';
export { userContact } from './events.ts';
export { selectProfileNotes } from './activity-store.ts';
export { findLead } from './present-lead.ts';
