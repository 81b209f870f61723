import type { App } from '#platform/http/app';
import { subscriberRoutes } from './subscriber-routes.ts';
import { subscriptionRoutes } from './subscription-routes.ts';

export function subscriptionsRoutes(app: App): void {
  subscriptionRoutes(app);
  subscriberRoutes(app);
}
