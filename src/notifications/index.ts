export { makeNotifications } from './notifications.ts';
export { deleteOptouts } from './optout-store.ts';
