import type { Room } from '#platform/room';
import type { Throttle } from '#platform/security/throttle';
import { subscriptionsEvents } from './events.ts';
import { acceptPage, grantPages, grantRoutes } from './invitations/index.ts';
import { subscriberRoutes } from './subscribers/index.ts';
import { subscriptionListPage, subscriptionListPages, subscriptionRoutes } from './terms/index.ts';

/** Makes the subscriptions room. Grants by e-mail count towards the limit of invitations in `throttle`. */
export function makeSubscriptions(needs: { throttle: Throttle }): Room {
  return {
    name: 'subscriptions',
    routes(http) {
      subscriptionRoutes(http);
      subscriberRoutes(http);
      grantRoutes(http, needs);
    },
    pages(http) {
      subscriptionListPages(http);
      grantPages(http);
    },
    page_types: [subscriptionListPage, acceptPage],
    events: subscriptionsEvents,
  };
}
