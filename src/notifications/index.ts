export { deleteOptouts } from './optout-store.ts';
export { notificationRoutes } from './routes.ts';
export { type NotificationNeeds, notificationSubscriber } from './send-notification.ts';
