import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { planList } from '#catalog';
import type { App } from '#platform/http/app';
import { mergeReads } from '#platform/db/merge-reads';
import { listQuerystring } from '#platform/http/schemas';
import { readNext } from '../order-query.ts';
import { findCallerPlans, loadOffers } from './load-offers.ts';
import { pricingPage } from './page-types.ts';
import { viewOffers } from './view-offers.ts';

const PLANS_MAX = 100;

/** The pricing page; its buttons post to the page of the cart. */
export function offerPages(app: App): void {
  app.get(
    '/pricing/',
    {
      config: { access: { kind: 'public' }, page: true },
      schema: {
        querystring: Type.Object({
          ...listQuerystring(planList).properties,
          period: Type.Optional(Type.String({ maxLength: 10, description: 'yearly: prices of 12 months' })),
        }),
        hide: true,
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const { ctx, query } = request;
      const list = { ...request.list(), page: 1, page_size: PLANS_MAX, start_at: null, ends_at: null };
      const [{ offers, providers, cart_count }, held] = await mergeReads(ctx.db, [
        (db) => loadOffers({ actor: ctx.actor, clock: ctx.clock, db }, list, request.listUrl),
        (db) => findCallerPlans({ actor: ctx.actor, clock: ctx.clock, db }),
      ]);
      const redeemed = offers.find(({ coupon }) => coupon !== null)?.coupon;
      const view = viewOffers(offers, {
        providers,
        held,
        at: ctx.clock.now(),
        is_yearly: query.period === 'yearly',
        next: readNext(request),
      });
      return reply.page(pricingPage, {
        ...view,
        show_providers: new Set(view.plan_list.map((plan) => plan.profile.slug)).size > 1,
        redeemed: redeemed ? { code: redeemed.code } : null,
        cart_count,
        holds_plan: view.plan_list.some((plan) => plan.held !== null),
      });
    },
  );
}
