import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { FieldMessages } from '#kernel/problem';
import type { App } from '#platform/http/app';
import { checkedField, problemToForm, textField } from '#platform/http/forms';
import { paths } from '#platform/http/paths';
import { type Processors, findSavedCard } from '#payments';
import type { Profile } from '#profiles';
import { presentSavedCard } from '../cards/index.ts';
import { type CartOwner, type Invoicable, findShownLines } from '../records/index.ts';
import { checkOut } from './check-out.ts';
import {
  filterBalances,
  loadBalances,
  loadInvoicables,
  showBalance,
  showCart,
  viewInvoicables,
} from '../quotes/index.ts';
import { mergeVisitorCart, placeAtCodeField, readCode, redeemCode, removeCoupon } from '../cart/index.ts';
import { OrderQuerySchema, readNext } from '../order-query.ts';
import { getPayer, loadPayerSummary } from '../payer.ts';
import { balancePage, checkoutPage } from './page-types.ts';
import { billingProblems } from '../problems.ts';
import type { CheckoutInput } from './reserve-order.ts';

const ProfileParams = Type.Object({ profile: Type.String() });

/** Pages that pay the cart or a balance due. */
export function checkoutPages(app: App, processors: Processors): void {
  addCheckoutPage(app, processors);
  addBalancePage(app, processors);
}

function addCheckoutPage(app: App, processors: Processors): void {
  const page = { page_type: checkoutPage, processors };
  const url = '/billing/:profile/checkout/';
  const options = {
    config: { access: { kind: 'direct' }, page: true },
    schema: { hide: true, querystring: OrderQuerySchema, params: ProfileParams },
  } as const;
  app.get(url, options, async (request, reply) => {
    const { ctx } = request;
    await mergeVisitorCart(ctx);
    const { payer, owner } = await getPayer(request);
    const invoicables = await showCart(ctx, payer, owner);
    if (invoicables.some((each) => each.options.length > 0))
      return reply.redirect(withQuery(request, paths.cartPeriods(payer.slug)), 303);
    return showOrder(request, reply, page, payer, invoicables);
  });
  app.post(url, options, async (request, reply) => {
    const { ctx } = request;
    const { payer, owner } = await getPayer(request);
    const action = textField(request.body, 'action', 20);
    if (action === 'redeem' || action === 'unredeem') return changeCode(request, reply, page, { payer, owner, action });
    return payOrder(request, reply, page, {
      peek: async () => {
        const honored = await findShownLines(ctx.db, owner, 'cart');
        return loadInvoicables(ctx.db, { payer, owner, at: ctx.clock.now(), honored });
      },
      show: (keeps_price) => showCart(ctx, payer, owner, { keeps_price }),
      scope: {},
    });
  });
}

/**
 * Applies or removes a code and shows the order again, with the non-secret fields of the payment form. A script posts
 * this without leaving the page, so that the card fields keep their values.
 */
async function changeCode(
  request: FastifyRequest,
  reply: FastifyReply,
  page: OrderPage,
  { payer, owner, action }: { payer: Profile; owner: CartOwner; action: 'redeem' | 'unredeem' },
): Promise<FastifyReply> {
  const { ctx } = request;
  try {
    if (action === 'redeem') await redeemCode(ctx, owner, textField(request.body, 'code', 200));
    else await removeCoupon(ctx, owner, readCode(request));
  } catch (error) {
    const { status, ...problem } = placeAtCodeField(problemToForm(error));
    const form = { ...readKeptFields(request), code: textField(request.body, 'code', 200) };
    return showOrder(request, reply, page, payer, await showCart(ctx, payer, owner), { ...problem, form }, status);
  }
  const invoicables = await showCart(ctx, payer, owner);
  if (invoicables.some((each) => each.options.length > 0))
    return reply.redirect(withQuery(request, paths.cartPeriods(payer.slug)), 303);
  return showOrder(request, reply, page, payer, invoicables, { form: readKeptFields(request) });
}

/** Reads the fields of a refused payment form that are shown again: of the card, only the name on it. */
function readKeptFields({ body }: FastifyRequest) {
  return {
    card_name: textField(body, 'card_name', 100),
    use_card: textField(body, 'use_card', 20),
    remember_card: checkedField(body, 'remember_card'),
  };
}

function addBalancePage(app: App, processors: Processors): void {
  const options = {
    config: { access: { kind: 'direct' }, page: true },
    schema: {
      hide: true,
      querystring: OrderQuerySchema,
      params: Type.Object({ profile: Type.String(), plan: Type.Optional(Type.String()) }),
    },
  } as const;
  const page = { page_type: balancePage, processors };
  for (const url of ['/billing/:profile/balance/', '/billing/:profile/balance/:plan/']) {
    app.get(url, options, async (request, reply) => {
      const { payer, owner } = await getPayer(request);
      const due = await showBalance(request.ctx, payer, owner, request.params.plan ?? null);
      return showOrder(request, reply, page, payer, due);
    });
    app.post(url, options, async (request, reply) => {
      const { payer, owner } = await getPayer(request);
      const plan = request.params.plan ?? null;
      const { ctx } = request;
      return payOrder(request, reply, page, {
        peek: async () => filterBalances(plan, await loadBalances(ctx.db, payer, ctx.clock.now())),
        show: () => showBalance(ctx, payer, owner, plan),
        scope: { balance_only: true, balance_plan: plan },
      });
    });
  }
}

interface RefusedForm {
  detail?: string;
  errors?: FieldMessages;
  form?: { card_name: string; use_card: string; remember_card: boolean; code?: string };
}

/** Page with the payment form. */
interface OrderPage {
  page_type: typeof checkoutPage;
  processors: Processors;
}

/** Source of the lines that a payment form pays. */
interface Payable {
  /** Loads the invoicables without recording them as shown. */
  peek: () => Promise<Invoicable[]>;
  /** Loads and records the invoicables of a refused form. `keeps_price`: ended coupons that were shown still apply. */
  show: (keeps_price: boolean) => Promise<Invoicable[]>;
  scope: Pick<CheckoutInput, 'balance_only' | 'balance_plan'>;
}

async function payOrder(
  request: FastifyRequest,
  reply: FastifyReply,
  page: OrderPage,
  { peek, show, scope }: Payable,
): Promise<FastifyReply> {
  const { ctx, body } = request;
  const { payer, owner } = await getPayer(request);
  try {
    const free = (await peek()).every((each) => each.lines.every((line) => line.amount === 0));
    const onFile = textField(body, 'use_card', 20) === 'on_file';
    const { processors } = page;
    const token = free || onFile ? null : processors.chosen.readCardForm(body, ctx.clock.now());
    const charge = await checkOut({ ...ctx, processors }, payer.id, owner, {
      choices: undefined,
      token,
      remember_card: checkedField(body, 'remember_card'),
      cart_version: textField(body, 'cart_version', 64) || null,
      ...scope,
    });
    if (charge !== null)
      return await reply.redirect(paths.receipt(payer.slug, charge.processor_key, readNext(request)), 303);
    reply.flash('success', 'Thank you, your order is complete.');
    return await reply.redirect(
      readNext(request)?.replace(':profile', payer.slug) ?? paths.subscriptions(payer.slug),
      303,
    );
  } catch (error) {
    const { status, ...problem } = problemToForm(error);
    const invoicables = await show(problem.code !== billingProblems.cart_changed.code);
    return showOrder(request, reply, page, payer, invoicables, { ...problem, form: readKeptFields(request) }, status);
  }
}

async function showOrder(
  request: FastifyRequest,
  reply: FastifyReply,
  { page_type, processors }: OrderPage,
  payer: Profile,
  invoicables: readonly Invoicable[],
  refused: RefusedForm = {},
  status = 200,
): Promise<FastifyReply> {
  const card = await findSavedCard(request.ctx.db, payer.id);
  return reply.page(
    page_type,
    {
      profile: await loadPayerSummary(request.ctx.db, payer),
      ...viewInvoicables(invoicables),
      due_apart: linkBalances(payer, invoicables),
      card: card ? presentSavedCard(card) : null,
      test_cards: processors.chosen.pageParts().form_fields.length > 0,
      ...refused,
    },
    status,
  );
}

/** Returns the pages that pay the balance of each plan separately. */
function linkBalances(payer: Profile, invoicables: readonly Invoicable[]): { name: string; href: string }[] {
  const plans = new Map(invoicables.flatMap(({ kind, plan }) => (kind === 'balance' ? [[plan.slug, plan]] : [])));
  return [...plans.values()].map(({ slug, title }) => ({ name: title, href: paths.balance(payer.slug, slug) }));
}

function withQuery(request: FastifyRequest, path: string): string {
  const next = readNext(request);
  return next === null ? path : `${path}?next=${encodeURIComponent(next)}`;
}
