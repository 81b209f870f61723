import type { App } from '#platform/http/app';
import { couponRoutes, type CouponFacts } from './coupons/index.ts';
import { planRoutes, type PlanFacts } from './plans/index.ts';

/** What this room must be told by the rooms above it. */
export type CatalogNeeds = PlanFacts & CouponFacts;

export function catalogRoutes(app: App, needs: CatalogNeeds): void {
  planRoutes(app, needs);
  couponRoutes(app, needs);
}
