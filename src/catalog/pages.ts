import type { FastifyReply } from 'fastify';
import type { App } from '#platform/http/app';
import { ListQuerystring } from '#platform/http/schemas';
import { offerPlans, type FindCart } from './cart-facts.ts';
import { listPlans } from './plan-store.ts';
import { presentPlans } from './present-plan.ts';

const PLANS_MAX = 100;

/** The pricing page. Adding a plan to the cart is posted to the cart's own page. */
export function catalogPages(app: App, needs: { findCart: FindCart }): void {
  app.get(
    '/pricing/',
    { config: { access: { kind: 'public' }, page: true }, schema: { querystring: ListQuerystring, hide: true } },
    async (request, reply): Promise<FastifyReply> => {
      const { ctx } = request;
      const at = ctx.clock.now();
      const list = { ...request.list(), page: 1, page_size: PLANS_MAX, start_at: null, ends_at: null };
      const page = await listPlans(ctx.db, { is_active: true }, list, request.listUrl);
      const cart = await needs.findCart(ctx.db, ctx.actor);
      const offers = await offerPlans(ctx.db, page.results, cart, at);
      const redeemed = offers.find(({ coupon }) => coupon !== null)?.coupon;
      const plans = await presentPlans(ctx.db, offers);
      return reply.page('saas/pricing.html', {
        plan_list: plans,
        show_providers: new Set(plans.map((plan) => plan.profile.slug)).size > 1,
        redeemed: redeemed ? { code: redeemed.code } : null,
        cart_count: cart.plan_ids.size,
      });
    },
  );
}
