import type { Room } from '#platform/room';
import { preferencePages, preferencePageTypes } from './preferences/index.ts';
import { previewPages, previewPageTypes } from './previews/index.ts';
import { notificationRoutes } from './routes.ts';
import { makeNotificationSubscriber, type NotificationNeeds } from './send-notification.ts';

/** Makes the room that sends e-mails about events of other rooms. */
export function makeNotifications(needs: NotificationNeeds): Room {
  return {
    name: 'notifications',
    routes: notificationRoutes,
    pages(http) {
      preferencePages(http);
      previewPages(http, needs.templates);
    },
    page_types: [...preferencePageTypes, ...previewPageTypes],
    subscribers: [makeNotificationSubscriber(needs)],
  };
}
