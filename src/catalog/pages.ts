import type { FastifyReply } from 'fastify';
import { formatMoney } from '#kernel/money';
import { periodNoun } from '#kernel/period';
import type { App } from '#platform/http/app';
import { paths } from '#platform/http/paths';
import { ListQuerystring } from '#platform/http/schemas';
import { profileSummaries } from '#profiles';
import { offerPlans, type FindCart, type PlanOffer } from './cart-facts.ts';
import { listPlans } from './plan-store.ts';

/** The pricing page. Adding a plan to the cart is posted to the cart's own page. */
export function catalogPages(app: App, needs: { findCart: FindCart }): void {
  app.get(
    '/pricing/',
    { config: { access: { kind: 'public' }, page: true }, schema: { querystring: ListQuerystring, hide: true } },
    async (request, reply): Promise<FastifyReply> => {
      const { ctx } = request;
      const at = ctx.clock.now();
      const list = { ...request.list(), page_size: 100, ends_at: null };
      const page = await listPlans(ctx.db, { is_active: true }, list, request.listUrl);
      const offers = await offerPlans(ctx.db, page.results, await needs.findCart(ctx.db, ctx.actor), at);
      const providers = await profileSummaries(
        ctx.db,
        offers.map(({ plan }) => plan.profile_id),
      );
      return reply.page('saas/pricing.html', {
        plan_list: offers.map((offer) => ({
          ...viewOffer(offer),
          provider: providers.get(offer.plan.profile_id)?.printable_name ?? '',
        })),
        many_providers: providers.size > 1,
        items_selected: offers.filter(({ is_cart_item }) => is_cart_item).map(({ plan }) => plan.slug),
        redeemed: offers.find(({ coupon }) => coupon !== null)?.coupon?.code ?? null,
        cart_path: paths.cart(),
        redeem_path: paths.redeem(),
        contact_path: paths.contact(),
      });
    },
  );
}

function viewOffer({ plan, discounted_period_amount, is_cart_item, coupon }: PlanOffer): Record<string, unknown> {
  const money = (amount: number) => formatMoney({ amount, unit: plan.unit });
  const noun = periodNoun(plan.period_type, plan.period_length);
  return {
    slug: plan.slug,
    title: plan.title,
    description: plan.description,
    is_not_priced: plan.is_not_priced,
    is_free: plan.period_amount === 0,
    price: money(plan.period_amount),
    discounted_price: coupon === null ? null : money(discounted_period_amount),
    period: plan.period_length === 1 ? noun : `${plan.period_length} ${noun}`,
    setup_price: plan.setup_amount === 0 ? null : money(plan.setup_amount),
    optin_on_request: plan.optin_on_request,
    use_charges: plan.use_charges.map((use) => ({
      title: use.title,
      description: use.description,
      price: money(use.use_amount),
      quota: use.quota,
    })),
    is_cart_item,
  };
}
