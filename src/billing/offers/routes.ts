import { planList, listPlans, PlanPage, presentOffer } from '#catalog';
import { endListAt } from '#kernel/page';
import type { App } from '#platform/http/app';
import { mergeReads } from '#platform/db/merge-reads';
import { listQuerystring } from '#platform/http/schemas';
import { findProfileSummaries } from '#profiles';
import { loadCartFacts } from './cart-facts.ts';
import { offerPlans } from './offer-plans.ts';

/** The plans for sale, as offered to the caller. */
export function offerRoutes(app: App): void {
  app.get(
    '/api/pricing',
    {
      config: { access: { kind: 'public' } },
      schema: {
        tags: ['subscriptions'],
        summary: 'Lists pricing plans',
        description:
          'Lists the active plans of all providers, with the price after the coupon that is in the cart of the caller.',
        querystring: listQuerystring(planList),
        response: { 200: PlanPage },
      },
    },
    async (request) => {
      const { ctx } = request;
      const list = endListAt(request.list(), ctx.clock.now());
      const [page, cart] = await mergeReads(ctx.db, [
        (together) => listPlans(together, { is_active: true }, list, request.listUrl),
        (together) => loadCartFacts(together, ctx.actor),
      ]);
      const plans = page.results;
      const [{ offers }, providers] = await mergeReads(ctx.db, [
        (together) => offerPlans(together, plans, cart, ctx.clock.now()),
        (together) =>
          findProfileSummaries(
            together,
            plans.map(({ profile_id }) => profile_id),
          ),
      ]);
      return { ...page, results: offers.map((offer) => presentOffer(offer, providers.get(offer.plan.profile_id))) };
    },
  );
}
