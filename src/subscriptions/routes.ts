import type { App } from '#platform/http/app';
import type { Throttle } from '#platform/security/throttle';
import { subscriberRoutes } from './subscriber-routes.ts';
import { subscriptionRoutes } from './subscription-routes.ts';

export function subscriptionsRoutes(app: App, needs: { throttle: Throttle }): void {
  subscriptionRoutes(app);
  subscriberRoutes(app, needs.throttle);
}
