import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { findPlanBySlug } from '#catalog';
import { formatMoney } from '#kernel/money';
import { Problem } from '#kernel/problem';
import { inTransaction } from '#platform/db/database';
import type { App } from '#platform/http/app';
import { problemToForm, textField } from '#platform/http/forms';
import { withNext } from '#platform/http/next';
import { paths } from '#platform/http/paths';
import type { Profile } from '#profiles';
import { addToCart } from './add-to-cart.ts';
import { findSeatsInOrder } from './clear-cart.ts';
import { isClaimCode } from '../claims/index.ts';
import { findClaim } from './claim-seats.ts';
import {
  deleteCartItem,
  updateCartItem,
  type CartOwner,
  type Invoicable,
  findRememberedCoupon,
  deleteShownItems,
} from '../records/index.ts';
import { loadInvoicables, showCart, viewInvoicables } from '../quotes/index.ts';
import { mergeVisitorCart } from './merge-visitor-cart.ts';
import { removedDetail } from './present-cart.ts';
import { redeemCode } from './redeem-code.ts';
import { removeCoupon } from './remove-coupon.ts';
import { cartOf } from './routes.ts';
import { placeAtCodeField, readCode } from './code-form.ts';
import { OrderQuerySchema, readNext } from '../order-query.ts';
import { getPayer, loadPayerSummary } from '../payer.ts';

/** From a plan to an order: the cart, then how long to pay for. The last step is in pages-checkout.ts. */
export function cartPages(app: App): void {
  addPage(app);
  cartPage(app);
  periodsPage(app);
  redeemPage(app);
}

/** `POST /billing/cart/` puts a plan into the cart of whoever asks, signed in or not, and goes on to the cart. */
function addPage(app: App): void {
  app.post(
    '/billing/cart/',
    { config: { access: { kind: 'public' }, page: true }, schema: { hide: true, querystring: OrderQuerySchema } },
    async (request, reply) => {
      const next = readNext(request);
      try {
        const { owner } = await cartOf(request, reply);
        await addToCart(request.ctx, owner, [{ plan: textField(request.body, 'plan', 50) }]);
      } catch (error) {
        const { detail, errors } = problemToForm(error);
        reply.flash('error', detail || (Object.values(errors)[0]?.[0] ?? 'This plan cannot be added.'));
        return reply.redirect(paths.pricing(next), 303);
      }
      return reply.redirect(paths.cart(null, { next }), 303);
    },
  );
}

function cartPage(app: App): void {
  const url = '/billing/:profile/cart/';
  const options = {
    config: { access: { kind: 'direct', frictionless: true }, page: true },
    schema: { hide: true, querystring: OrderQuerySchema, params: Type.Object({ profile: Type.String() }) },
  } as const;
  app.get(url, options, async (request, reply) => renderCart(request, reply));
  app.post(url, options, async (request, reply) => {
    const { ctx } = request;
    const { payer, owner } = await getPayer(request);
    const next = readNext(request);
    try {
      switch (textField(request.body, 'action', 20)) {
        case 'remove':
          await removeByKey(request, owner, payer, textField(request.body, 'key', 120));
          break;
        case 'redeem':
          reply.flash('success', (await redeemCode(ctx, owner, textField(request.body, 'code', 200))).detail);
          break;
        case 'unredeem':
          reply.flash('success', removedDetail((await removeCoupon(ctx, owner, readCode(request))).codes));
          break;
        default:
          await addToCart(ctx, owner, [{ plan: textField(request.body, 'plan', 50) }]);
      }
    } catch (error) {
      const problem = problemToForm(error);
      const form = { code: textField(request.body, 'code', 200) };
      return renderCart(request, reply, { ...placeAtCodeField(problem), form }, problem.status);
    }
    return reply.redirect(paths.cart(payer.slug, { next }), 303);
  });
}

async function renderCart(
  request: FastifyRequest,
  reply: FastifyReply,
  extra: Record<string, unknown> = {},
  status = 200,
): Promise<FastifyReply> {
  const { ctx } = request;
  await mergeVisitorCart(ctx);
  const { payer, owner } = await getPayer(request);
  const invoicables = await showCart(ctx, payer, owner);
  const next = readNext(request);
  return reply.page(
    'saas/billing/cart.html',
    {
      profile: await loadPayerSummary(request.ctx.db, payer),
      ...viewInvoicables(invoicables),
      remembered: await findRememberedCoupon(ctx.db, owner),
      suggested: await suggestedPlan(request, invoicables),
      continue_url: nextStep(payer, invoicables, next),
      ...extra,
    },
    status,
  );
}

/** The plan that brought somebody here: shown with a button, as looking at a page puts nothing into the cart. */
async function suggestedPlan(
  request: FastifyRequest,
  invoicables: readonly Invoicable[],
): Promise<Record<string, unknown> | null> {
  const query: unknown = request.query;
  const slug = typeof query === 'object' && query !== null ? textField(query, 'plan', 50) : '';
  if (slug === '' || invoicables.some((each) => each.plan.slug === slug)) return null;
  const plan = await findPlanBySlug(request.ctx.db, slug);
  if (!plan?.is_active) return null;
  const price = formatMoney({ amount: plan.period_amount, unit: plan.unit });
  return {
    slug: plan.slug,
    title: plan.title,
    description: plan.description,
    price,
    is_not_priced: plan.is_not_priced,
  };
}

function periodsPage(app: App): void {
  const url = '/billing/:profile/cart-periods/';
  const options = {
    config: { access: { kind: 'direct', frictionless: true }, page: true },
    schema: { hide: true, querystring: OrderQuerySchema, params: Type.Object({ profile: Type.String() }) },
  } as const;
  app.get(url, options, async (request, reply) => {
    const { ctx } = request;
    await mergeVisitorCart(ctx);
    const { payer, owner } = await getPayer(request);
    const invoicables = await loadUndecided(request, payer, owner);
    if (!invoicables.some((each) => each.options.length > 1))
      return reply.redirect(paths.checkout(payer.slug, readNext(request)), 303);
    return reply.page('saas/billing/cart-periods.html', {
      profile: await loadPayerSummary(request.ctx.db, payer),
      ...viewInvoicables(invoicables),
    });
  });
  app.post(url, options, async (request, reply) => {
    const { ctx } = request;
    const { payer, owner } = await getPayer(request);
    const invoicables = await loadUndecided(request, payer, owner);
    await inTransaction(ctx.db, async (tx) => {
      for (const each of invoicables) {
        const option = Number(textField(request.body, `option-${each.key}`, 4));
        if (!Number.isInteger(option) || option < 1 || option > each.options.length) continue;
        const item = each.options[option - 1]?.item;
        if (item) await updateCartItem(tx, item.id, { option });
      }
    });
    return reply.redirect(paths.checkout(payer.slug, readNext(request)), 303);
  });
}

/** The invoicables with their options, also where one was taken already: so that the choice can be changed. */
async function loadUndecided(request: FastifyRequest, payer: Profile, owner: CartOwner): Promise<Invoicable[]> {
  return showCart(request.ctx, payer, owner, { undecided: true });
}

function redeemPage(app: App): void {
  const options = {
    config: { access: { kind: 'public' }, page: true },
    schema: { hide: true, querystring: OrderQuerySchema },
  } as const;
  app.get('/redeem/', options, async (request, reply) => {
    const code = textField(request.query, 'code', 200);
    const claim = isClaimCode(code) ? await findClaim(request.ctx, code) : undefined;
    return reply.page('saas/redeem.html', { form: { code }, is_seat: claim !== undefined });
  });
  app.post('/redeem/', options, async (request, reply) => {
    const code = textField(request.body, 'code', 200);
    try {
      const { owner } = await cartOf(request, reply);
      reply.flash('success', (await redeemCode(request.ctx, owner, code)).detail);
    } catch (error) {
      if (error instanceof Problem && error.status === 401 && error.extra.location)
        return reply.redirect(error.extra.location, 303);
      const problem = problemToForm(error);
      return reply.page('saas/redeem.html', { ...placeAtCodeField(problem), form: { code } }, problem.status);
    }
    return reply.redirect(isClaimCode(code) ? paths.cart() : paths.pricing(readNext(request)), 303);
  });
}

async function removeByKey(request: FastifyRequest, owner: CartOwner, payer: Profile, key: string): Promise<void> {
  const { ctx } = request;
  const invoicables = await loadInvoicables(ctx.db, { payer, owner, at: ctx.clock.now() });
  const ids = invoicables
    .filter((each) => each.key === key && each.kind === 'cart')
    .flatMap(({ lines, options, duplicates = [] }) => [
      ...[...lines, ...options].flatMap((line) => line.item?.id ?? []),
      ...duplicates,
    ]);
  await inTransaction(ctx.db, async (tx) => {
    const kept = await findSeatsInOrder(tx, owner);
    const removed = [...new Set(ids)].filter((id) => !kept.includes(id));
    for (const id of removed) await deleteCartItem(tx, id);
    await deleteShownItems(tx, owner, removed);
  });
}

/** Where the buyer goes from the cart: to choose how long, when there is a choice, else to pay. */
function nextStep(payer: Profile, invoicables: readonly Invoicable[], next: string | null): string {
  return invoicables.some((each) => each.options.length > 1)
    ? withNext(paths.cartPeriods(payer.slug), next)
    : paths.checkout(payer.slug, next);
}
