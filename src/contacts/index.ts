export { addActivity, findProfileNotes } from './add-activity.ts';
export { userContact } from './events.ts';
export { makeContacts } from './contacts.ts';
export { findLead } from './directory.ts';
