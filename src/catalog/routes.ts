import type { App } from '#platform/http/app';
import { ListQuerystring } from '#platform/http/schemas';
import { offerPlans, type FindCart } from './cart-facts.ts';
import { couponRoutes } from './coupon-routes.ts';
import type { CouponFacts } from './delete-coupon.ts';
import { planRoutes } from './plan-routes.ts';
import { listPlans } from './plan-store.ts';
import { presentPlans } from './present-plan.ts';
import { untilNow } from './provider.ts';
import { PlanPage } from './schemas.ts';
import type { PlanFacts } from './update-plan.ts';

/** What this room must be told by the rooms above it. */
export interface CatalogNeeds extends PlanFacts, CouponFacts {
  findCart: FindCart;
}

export function catalogRoutes(app: App, needs: CatalogNeeds): void {
  pricingRoute(app, needs);
  planRoutes(app, needs);
  couponRoutes(app, needs);
}

function pricingRoute(app: App, needs: CatalogNeeds): void {
  app.get(
    '/api/pricing',
    {
      config: { access: { kind: 'public' } },
      schema: {
        tags: ['subscriptions'],
        summary: 'Lists pricing plans',
        description:
          'Lists the active plans of all providers, with the price after the coupon that is in the cart of the caller.',
        querystring: ListQuerystring,
        response: { 200: PlanPage },
      },
    },
    async (request) => {
      const { ctx } = request;
      const at = ctx.clock.now();
      const page = await listPlans(ctx.db, { is_active: true }, untilNow(request.list(), at), request.listUrl);
      const offers = await offerPlans(ctx.db, page.results, await needs.findCart(ctx.db, ctx.actor), at);
      return { ...page, results: await presentPlans(ctx.db, offers) };
    },
  );
}
