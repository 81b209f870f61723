import type { Room } from '#platform/room';
import { couponRoutes } from './coupons/index.ts';
import { catalogEvents } from './events.ts';
import { planRoutes } from './plans/index.ts';

/** Makes the catalog room: plans, coupons and prices. */
export function makeCatalog(): Room {
  return {
    name: 'catalog',
    routes(http) {
      planRoutes(http);
      couponRoutes(http);
    },
    events: catalogEvents,
  };
}
