import type { Room } from '#platform/room';
import { notificationRoutes } from './routes.ts';
import { makeNotificationSubscriber, type NotificationNeeds } from './send-notification.ts';

/** Makes the room that sends e-mails about events of other rooms. */
export function makeNotifications(needs: NotificationNeeds): Room {
  return { name: 'notifications', routes: notificationRoutes, subscribers: [makeNotificationSubscriber(needs)] };
}
