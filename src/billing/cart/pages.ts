import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { findPlanBySlug } from '#catalog';
import { type FieldMessages, Problem } from '#kernel/problem';
import { mergeReads } from '#platform/db/merge-reads';
import type { App } from '#platform/http/app';
import { problemToForm, textField } from '#platform/http/forms';
import { paths } from '#platform/http/paths';
import { humanizeMoney } from '#platform/templates/humanize-money';
import { isClaimCode } from '../claims/index.ts';
import { OrderQuerySchema, readNext } from '../order-query.ts';
import { getPayer, loadPayerSummary, type Payer } from '../payer.ts';
import { showCart, viewInvoicables } from '../quotes/index.ts';
import { findRememberedCoupon, type Invoicable } from '../records/index.ts';
import { addToCart } from './add-to-cart.ts';
import { choosePeriods } from './choose-periods.ts';
import { findClaim } from './claim-seats.ts';
import { placeAtCodeField, readCode } from './code-form.ts';
import { mergeVisitorCart } from './merge-visitor-cart.ts';
import { openCart } from './open-cart.ts';
import { cartPage, cartPeriodsPage, redeemPage } from './page-types.ts';
import { describeRemovedCodes } from './present-cart.ts';
import { redeemCode } from './redeem-code.ts';
import { removeCoupon } from './remove-coupon.ts';
import { removeFromCart } from './remove-from-cart.ts';

const payerOptions = {
  config: { access: { kind: 'direct', frictionless: true, manages: true }, page: true },
  schema: { hide: true, querystring: OrderQuerySchema, params: Type.Object({ profile: Type.String() }) },
} as const;

/** Pages from a plan to an order: the cart, the choice of periods, the code form. */
export function cartPages(app: App): void {
  addAddPage(app);
  addCartPage(app);
  addPeriodsPage(app);
  addRedeemPage(app);
}

/** `POST /billing/cart/` adds a plan to the cart of the caller, signed in or not, and redirects to the cart. */
function addAddPage(app: App): void {
  app.post(
    '/billing/cart/',
    { config: { access: { kind: 'public' }, page: true }, schema: { hide: true, querystring: OrderQuerySchema } },
    async (request, reply) => {
      const next = readNext(request);
      try {
        const { owner } = await openCart(request, reply);
        await addToCart(request.ctx, owner, [readNewItem(request.body)]);
      } catch (error) {
        const { detail, errors } = problemToForm(error);
        reply.flash('error', detail || (Object.values(errors)[0]?.[0] ?? 'This plan cannot be added.'));
        return reply.redirect(paths.pricing(next), 303);
      }
      const cart = paths.cart(null, { next });
      const is_visitor = request.ctx.actor.kind !== 'user';
      const registers = is_visitor && request.ctx.site.authentication === 'enabled';
      return reply.redirect(registers ? paths.register(cart) : cart, 303);
    },
  );
}

/** Reads the plan of a form, and the number of the option that its price belongs to. */
function readNewItem(body: unknown): { plan: string; option?: number } {
  const option = Number(textField(body, 'option', 3));
  const plan = textField(body, 'plan', 50);
  return Number.isInteger(option) && option > 0 ? { plan, option } : { plan };
}

function addCartPage(app: App): void {
  const url = '/billing/:profile/cart/';
  app.get(url, payerOptions, async (request, reply) => renderCart(request, reply));
  app.post(url, payerOptions, async (request, reply) => {
    const payer = await getPayer(request);
    try {
      await changeCart(request, reply, payer);
    } catch (error) {
      const { status, ...problem } = placeAtCodeField(problemToForm(error));
      const form = { code: textField(request.body, 'code', 200) };
      return renderCart(request, reply, { ...problem, form }, status);
    }
    return reply.redirect(paths.cart(payer.payer.slug, { next: readNext(request) }), 303);
  });
}

/** Runs the action of a form on the cart page; the default action adds a plan. */
async function changeCart(request: FastifyRequest, reply: FastifyReply, payer: Payer): Promise<void> {
  const { ctx, body } = request;
  const { owner } = payer;
  switch (textField(body, 'action', 20)) {
    case 'remove':
      await removeFromCart(ctx, payer, textField(body, 'key', 120));
      break;
    case 'redeem':
      reply.flash('success', (await redeemCode(ctx, owner, textField(body, 'code', 200))).detail);
      break;
    case 'unredeem':
      reply.flash('success', describeRemovedCodes((await removeCoupon(ctx, owner, readCode(request))).codes));
      break;
    default:
      await addToCart(ctx, owner, [{ plan: textField(body, 'plan', 50) }]);
  }
}

/** Shows the cart when it is empty or the buyer has something to decide in it; otherwise the order is the checkout. */
async function renderCart(
  request: FastifyRequest,
  reply: FastifyReply,
  refused: { detail?: string; errors?: FieldMessages; form?: { code: string } } = {},
  status = 200,
): Promise<FastifyReply> {
  const { ctx } = request;
  await mergeVisitorCart(ctx);
  const { payer, owner } = await getPayer(request);
  const invoicables = await showCart(ctx, payer, owner);
  const suggested = await findSuggestedPlan(request, invoicables);
  const continue_url = nextStep(payer, readNext(request));
  const has_question = invoicables.length === 0 || suggested !== null || status !== 200;
  if (!has_question) return reply.redirect(continue_url, 303);
  const [profile, remembered] = await mergeReads(ctx.db, [
    (reader) => loadPayerSummary(reader, payer),
    (reader) => findRememberedCoupon(reader, owner),
  ]);
  const data = {
    profile,
    ...viewInvoicables(invoicables),
    remembered,
    suggested,
    continue_url,
    ...refused,
  };
  return reply.page(cartPage, data, status);
}

/**
 * Returns the plan that the query names, to be shown with an add button: a GET adds nothing to the cart. Null if the
 * query names no active plan, or one that the cart contains.
 */
async function findSuggestedPlan(request: FastifyRequest, invoicables: readonly Invoicable[]) {
  const query: unknown = request.query;
  const slug = typeof query === 'object' && query !== null ? textField(query, 'plan', 50) : '';
  if (slug === '' || invoicables.some((each) => each.plan.slug === slug)) return null;
  const plan = await findPlanBySlug(request.ctx.db, slug);
  if (!plan?.is_active) return null;
  const { title, description, is_not_priced } = plan;
  const price = humanizeMoney({ amount: plan.period_amount, unit: plan.unit }, request.ctx.lang);
  return { slug: plan.slug, title, description, price, is_not_priced };
}

function addPeriodsPage(app: App): void {
  const url = '/billing/:profile/cart-periods/';
  app.get(url, payerOptions, async (request, reply) => {
    const { ctx } = request;
    await mergeVisitorCart(ctx);
    const { payer, owner } = await getPayer(request);
    const invoicables = await showCart(ctx, payer, owner, { undecided: true });
    if (!invoicables.some((each) => each.options.length > 1))
      return reply.redirect(nextStep(payer, readNext(request)), 303);
    return reply.page(cartPeriodsPage, {
      profile: await loadPayerSummary(ctx.db, payer),
      ...viewInvoicables(invoicables),
    });
  });
  app.post(url, payerOptions, async (request, reply) => {
    const { ctx, body } = request;
    const { payer, owner } = await getPayer(request);
    const invoicables = await showCart(ctx, payer, owner, { undecided: true });
    await choosePeriods(ctx, invoicables, (key) => Number(textField(body, `option-${key}`, 4)));
    return reply.redirect(nextStep(payer, readNext(request)), 303);
  });
}

/** Returns the step after the periods: a bulk buyer names the people of the order before the checkout. */
function nextStep({ slug, is_bulk_buyer }: Payer['payer'], next: string | null): string {
  return is_bulk_buyer ? paths.cartSeats(slug, { next }) : paths.checkout(slug, next);
}

function addRedeemPage(app: App): void {
  const options = {
    config: { access: { kind: 'public' }, page: true },
    schema: { hide: true, querystring: OrderQuerySchema },
  } as const;
  app.get('/redeem/', options, async (request, reply) => {
    const code = textField(request.query, 'code', 200);
    const claim = isClaimCode(code) ? await findClaim(request.ctx, code) : undefined;
    return reply.page(redeemPage, { form: { code }, is_seat: claim !== undefined });
  });
  app.post('/redeem/', options, async (request, reply) => {
    const code = textField(request.body, 'code', 200);
    try {
      const { owner } = await openCart(request, reply);
      reply.flash('success', (await redeemCode(request.ctx, owner, code)).detail);
    } catch (error) {
      const place = error instanceof Problem ? findPlace(error, code) : null;
      if (place !== null) return reply.redirect(place, 303);
      const { status, ...problem } = placeAtCodeField(problemToForm(error));
      return reply.page(redeemPage, { ...problem, form: { code } }, status);
    }
    return reply.redirect(isClaimCode(code) ? paths.cart() : paths.pricing(readNext(request)), 303);
  });
}

/** Returns the page that resolves the refusal of a code and leads back to it: sign-in, or the proof of the address. */
function findPlace({ status, extra: { location } }: Problem, code: string): string | null {
  if (status === 401) return location ?? null;
  return location === paths.verifyEmail() ? paths.verifyEmail(paths.redeem(code)) : null;
}
