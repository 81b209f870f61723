export { addActivity } from './add-activity.ts';
export { makeContacts } from './contacts.ts';
export { userContact } from './events.ts';
export { findProfileNotes } from './present-activity.ts';
export { findLead } from './present-lead.ts';
