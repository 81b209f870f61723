import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';

import { sellersSeenBy } from '#platform/http/access';
import type { App } from '#platform/http/app';
import { checkedField, problemToForm, textField } from '#platform/http/forms';
import { paths } from '#platform/http/paths';
import { type Charge, findCharge, savedCard } from '#payments';
import type { Profile } from '#profiles';
import { readCardForm } from './card-form.ts';
import { checkOut } from './check-out.ts';
import type { Invoicable } from './line.ts';
import { loadBalances } from './load-balances.ts';
import { loadInvoicables } from './load-invoicables.ts';
import { mergeVisitorCart } from './merge-visitor-cart.ts';
import { nextOf, OrderQuery, summaryOf } from './pages-cart.ts';
import { billingProblems } from './problems.ts';
import { redeemCoupon } from './redeem-coupon.ts';
import { balancesOn, type CheckoutInput } from './reserve-order.ts';
import { payingFor } from './routes-checkout.ts';
import { viewInvoicables } from './view-checkout.ts';
import { viewReceipt } from './view-receipt.ts';

const ProfileParams = Type.Object({ profile: Type.String() });

/** Paying: what the cart holds, or what is due; and the receipt of it. */
export function checkoutPages(app: App): void {
  checkoutPage(app);
  balancePage(app);
  receiptPage(app);
}

function checkoutPage(app: App): void {
  const url = '/billing/:profile/checkout/';
  const options = {
    config: { access: { kind: 'direct' }, page: true },
    schema: { hide: true, querystring: OrderQuery, params: ProfileParams },
  } as const;
  app.get(url, options, async (request, reply) => {
    await mergeVisitorCart(request.ctx);
    const { payer, owner } = await payingFor(request);
    const invoicables = await loadInvoicables(request.ctx.db, {
      payer,
      owner,
      at: request.ctx.clock.now(),
      strict_coupons: false,
    });
    if (invoicables.some((each) => each.options.length > 0))
      return reply.redirect(withQuery(request, paths.cartPeriods(payer.slug)), 303);
    return showOrder(request, reply, 'saas/billing/checkout.html', payer, invoicables);
  });
  app.post(url, options, async (request, reply) => {
    const { ctx } = request;
    const { payer, owner } = await payingFor(request);
    if (textField(request.body, 'action', 20) === 'redeem') {
      try {
        await redeemCoupon(ctx, owner, textField(request.body, 'code', 200));
        reply.flash('success', 'The code was applied.');
      } catch (error) {
        const { detail } = problemToForm(error);
        reply.flash('error', detail);
      }
      return reply.redirect(paths.checkout(payer.slug, nextOf(request)), 303);
    }
    return pay(request, reply, 'saas/billing/checkout.html', () =>
      loadInvoicables(ctx.db, { payer, owner, at: ctx.clock.now(), strict_coupons: false }),
    );
  });
}

function balancePage(app: App): void {
  const options = {
    config: { access: { kind: 'direct' }, page: true },
    schema: {
      hide: true,
      querystring: OrderQuery,
      params: Type.Object({ profile: Type.String(), plan: Type.Optional(Type.String()) }),
    },
  } as const;
  for (const url of ['/billing/:profile/balance/', '/billing/:profile/balance/:plan/']) {
    app.get(url, options, async (request, reply) => {
      const { payer } = await payingFor(request);
      const due = await loadBalances(request.ctx.db, payer, request.ctx.clock.now());
      return showOrder(
        request,
        reply,
        'saas/billing/balance.html',
        payer,
        balancesOn(request.params.plan ?? null, due),
      );
    });
    app.post(url, options, async (request, reply) => {
      const { payer } = await payingFor(request);
      const plan = request.params.plan ?? null;
      const { ctx } = request;
      return pay(
        request,
        reply,
        'saas/billing/balance.html',
        async () => balancesOn(plan, await loadBalances(ctx.db, payer, ctx.clock.now())),
        { balance_only: true, balance_plan: plan },
      );
    });
  }
}

async function pay(
  request: FastifyRequest,
  reply: FastifyReply,
  template: string,
  reload: () => Promise<Invoicable[]>,
  scope: Pick<CheckoutInput, 'balance_only' | 'balance_plan'> = {},
): Promise<FastifyReply> {
  const { ctx, body } = request;
  const { payer, owner } = await payingFor(request);
  const shown = await reload();
  try {
    const free = shown.every((each) => each.lines.every((line) => line.amount === 0));
    const onFile = textField(body, 'use_card', 20) === 'on_file';
    const token = free || onFile ? null : readCardForm(body, ctx.clock.now());
    const charge = await checkOut(ctx, payer.id, owner, {
      choices: undefined,
      token,
      remember_card: checkedField(body, 'remember_card'),
      cart_version: textField(body, 'cart_version', 64) || null,
      ...scope,
    });
    if (charge !== null)
      return await reply.redirect(paths.receipt(payer.slug, charge.processor_key, nextOf(request)), 303);
    reply.flash('success', 'Thank you, your order is complete.');
    return await reply.redirect(
      nextOf(request)?.replace(':profile', payer.slug) ?? paths.subscriptions(payer.slug),
      303,
    );
  } catch (error) {
    const problem = problemToForm(error);
    const form = {
      card_name: textField(body, 'card_name', 100),
      use_card: textField(body, 'use_card', 20),
      remember_card: checkedField(body, 'remember_card'),
    };
    return showOrder(request, reply, template, payer, await reload(), { ...problem, form });
  }
}

async function showOrder(
  request: FastifyRequest,
  reply: FastifyReply,
  template: string,
  payer: Profile,
  invoicables: readonly Invoicable[],
  extra: { status?: number } & Record<string, unknown> = {},
): Promise<FastifyReply> {
  const card = await savedCard(request.ctx.db, payer.id);
  return reply.page(
    template,
    {
      profile: await summaryOf(request, payer),
      ...viewInvoicables(invoicables),
      card: card ? viewCard(card) : null,
      test_cards: true,
      ...extra,
    },
    extra.status ?? 200,
  );
}

function receiptPage(app: App): void {
  app.get(
    '/billing/:profile/receipt/:charge/',
    {
      config: { access: { kind: 'provider' }, page: true, problems: [billingProblems.receipt_unknown] },
      schema: {
        hide: true,
        querystring: OrderQuery,
        params: Type.Object({ profile: Type.String(), charge: Type.String({ maxLength: 255 }) }),
      },
    },
    async (request, reply) => {
      const charge = await findCharge(request.ctx.db, request.params.charge);
      const { profile_id } = request.subject;
      if (!charge || profile_id === null || charge.profile_id !== profile_id) throw billingProblems.receipt_unknown();
      const sellers = sellersSeenBy(request.subject);
      const view = await viewReceipt(request.ctx, charge, sellers);
      if (sellers !== null && view.charge_items.length === 0) throw billingProblems.receipt_unknown();
      const next = nextOf(request)?.replace(':profile', request.params.profile) ?? null;
      return reply.page('saas/billing/receipt.html', {
        ...view,
        continue_url: isPaid(charge) ? (next ?? paths.app(request.params.profile)) : null,
        continue_title: next === null ? 'Open the application' : 'Continue',
      });
    },
  );
}

function isPaid(charge: Charge): boolean {
  return charge.state === 'done';
}

export function viewCard(card: { last4: string; exp_date: string }): { last4: string; exp_date: string } {
  const [year, month] = card.exp_date.split('-');
  return { last4: card.last4, exp_date: `${month}/${year}` };
}

function withQuery(request: FastifyRequest, path: string): string {
  const next = nextOf(request);
  return next === null ? path : `${path}?next=${encodeURIComponent(next)}`;
}
