import type { App } from '#platform/http/app';
import { couponRoutes } from './coupon-routes.ts';
import type { CouponFacts } from './delete-coupon.ts';
import { planRoutes } from './plan-routes.ts';
import type { PlanFacts } from './update-plan.ts';

/** What this room must be told by the rooms above it. */
export type CatalogNeeds = PlanFacts & CouponFacts;

export function catalogRoutes(app: App, needs: CatalogNeeds): void {
  planRoutes(app, needs);
  couponRoutes(app, needs);
}
