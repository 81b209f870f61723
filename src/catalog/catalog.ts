import type { Room } from '#platform/room';
import { couponPage, couponPages, couponRoutes, couponsPage, couponSwitchUndo } from './coupons/index.ts';
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
    pages: couponPages,
    page_types: [couponsPage, couponPage],
    undo_types: [couponSwitchUndo],
    events: catalogEvents,
  };
}
