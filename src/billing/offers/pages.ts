import type { FastifyReply } from 'fastify';
import { planList, listPlans, presentPlans } from '#catalog';
import type { App } from '#platform/http/app';
import { listQuerystring } from '#platform/http/schemas';
import { loadCartFacts } from './cart-facts.ts';
import { offerPlans } from './offer-plans.ts';
import { pricingPage } from './page-types.ts';

const PLANS_MAX = 100;

/** The pricing page; its buttons post to the page of the cart. */
export function offerPages(app: App): void {
  app.get(
    '/pricing/',
    {
      config: { access: { kind: 'public' }, page: true },
      schema: { querystring: listQuerystring(planList), hide: true },
    },
    async (request, reply): Promise<FastifyReply> => {
      const { ctx } = request;
      const list = { ...request.list(), page: 1, page_size: PLANS_MAX, start_at: null, ends_at: null };
      const page = await listPlans(ctx.db, { is_active: true }, list, request.listUrl);
      const { offers, cart_count } = await offerPlans(
        ctx.db,
        page.results,
        await loadCartFacts(ctx.db, ctx.actor),
        ctx.clock.now(),
      );
      const redeemed = offers.find(({ coupon }) => coupon !== null)?.coupon;
      const plans = await presentPlans(ctx.db, offers);
      return reply.page(pricingPage, {
        plan_list: plans,
        show_providers: new Set(plans.map((plan) => plan.profile.slug)).size > 1,
        redeemed: redeemed ? { code: redeemed.code } : null,
        cart_count,
      });
    },
  );
}
