import type { Room } from '#platform/room';
import { subscriptionsEvents } from './events.ts';
import { subscriptionsJobs } from './jobs.ts';
import { acceptPage, grantPages, grantRoutes } from './invitations/index.ts';
import { notePage, notePages, noteRoutes, notesPage } from './notes/index.ts';
import { planPage, planPages, plansPage } from './plan-pages/index.ts';
import { subscriberFormPage, subscriberTermPages } from './subscriber-terms/index.ts';
import {
  activityPage,
  activityPages,
  planSubscribersPage,
  type SubscriberPageNeeds,
  subscriberPages,
  subscriberRoutes,
  subscribersPage,
} from './subscribers/index.ts';
import type { SubscriptionEnding } from './request-ending.ts';
import { subscriptionListPage, subscriptionListPages, subscriptionRoutes } from './terms/index.ts';

/**
 * Makes the subscriptions room. Grants by e-mail count towards the limit of invitations in `throttle`; `endings` ends
 * subscriptions and requests with the money of their orders.
 */
export function makeSubscriptions(
  needs: SubscriberPageNeeds & { endings: SubscriptionEnding; invitation_reminder_days: readonly number[] },
): Room {
  return {
    name: 'subscriptions',
    routes(http) {
      subscriptionRoutes(http, needs);
      subscriberRoutes(http);
      grantRoutes(http, needs);
      noteRoutes(http);
    },
    pages(http) {
      subscriptionListPages(http, needs);
      grantPages(http);
      subscriberPages(http, needs);
      activityPages(http);
      subscriberTermPages(http, needs);
      planPages(http);
      notePages(http);
    },
    page_types: [
      subscriptionListPage,
      acceptPage,
      subscribersPage,
      planSubscribersPage,
      activityPage,
      subscriberFormPage,
      notesPage,
      notePage,
      plansPage,
      planPage,
    ],
    jobs: subscriptionsJobs(needs.invitation_reminder_days),
    events: subscriptionsEvents,
  };
}
