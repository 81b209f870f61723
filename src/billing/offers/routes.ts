import { planList, PlanPage, presentOffer } from '#catalog';
import { endListAt } from '#kernel/page';
import type { App } from '#platform/http/app';
import { listQuerystring } from '#platform/http/schemas';
import { loadOffers } from './load-offers.ts';

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
      const { page, offers, providers } = await loadOffers(ctx, list, request.listUrl);
      return { ...page, results: offers.map((offer) => presentOffer(offer, providers.get(offer.plan.profile_id))) };
    },
  );
}
