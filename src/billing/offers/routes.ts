import { planList, listPlans, PlanPage, presentPlans } from '#catalog';
import { endListAt } from '#kernel/page';
import type { App } from '#platform/http/app';
import { listQuerystring } from '#platform/http/schemas';
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
      const page = await listPlans(ctx.db, { is_active: true }, list, request.listUrl);
      const { offers } = await offerPlans(ctx, page.results);
      return { ...page, results: await presentPlans(ctx.db, offers) };
    },
  );
}
