import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { type FieldMessages, Problem } from '#kernel/problem';
import type { Context } from '#platform/context';
import { mergeReads } from '#platform/db/merge-reads';
import type { App } from '#platform/http/app';
import { checkedField, type FormProblem, problemToForm, textField } from '#platform/http/forms';
import { paths } from '#platform/http/paths';
import { type Processors, paymentsProblems } from '#payments';
import type { Profile } from '#profiles';
import { presentSavedCard } from '../cards/index.ts';
import { chooseOptions, collectLines, type Invoicable, findShownLines, sumLines } from '../records/index.ts';
import { type ChangeAction, isChange, runChange } from './change-order.ts';
import { checkOut } from './check-out.ts';
import {
  filterBalances,
  loadBalances,
  loadInvoicables,
  showBalance,
  showCart,
  takeStoredOption,
  viewChoices,
} from '../quotes/index.ts';
import { mergeVisitorCart, placeAtCodeField } from '../cart/index.ts';
import { cardFormOf, findCardAccount, findCardFor, leadToBank, readFormKey } from '../card-form.ts';
import { OrderQuerySchema, readNext } from '../order-query.ts';
import { getPayer, loadPayerSummary, type Payer } from '../payer.ts';
import { balancePage, checkoutPage } from './page-types.ts';
import { loadCredit, readCredit } from './quote-credit.ts';
import { mayPayLater, orderToPayLater } from './pay-later.ts';
import { billingProblems } from '../problems.ts';
import type { CheckoutInput } from './reserve-order.ts';

const ProfileParams = Type.Object({ profile: Type.String() });

/** Pages that pay the cart or a balance due. */
export function checkoutPages(app: App, processors: Processors, pay_later_allowed: boolean): void {
  addCheckoutPage(app, processors, pay_later_allowed);
  addBalancePage(app, processors);
}

function addCheckoutPage(app: App, processors: Processors, pay_later_allowed: boolean): void {
  const page = { page_type: checkoutPage, processors, pay_later_allowed };
  const url = '/billing/:profile/checkout/';
  const options = {
    config: { access: { kind: 'direct', manages: true }, page: true },
    schema: { hide: true, querystring: OrderQuerySchema, params: ProfileParams },
  } as const;
  app.get(url, options, async (request, reply) => {
    const { ctx } = request;
    await mergeVisitorCart(ctx);
    const { payer, owner } = await getPayer(request);
    return showOrder(request, reply, page, payer, await showChoices(ctx, payer, owner));
  });
  app.post(url, options, async (request, reply) => {
    const { ctx } = request;
    const { payer, owner } = await getPayer(request);
    const sent = textField(request.body, 'action', 20);
    // A code that was typed and not applied: the buyer sees the price with it before anything is paid.
    const action = !isChange(sent) && textField(request.body, 'code', 200) !== '' ? 'redeem' : sent;
    if (isChange(action)) return changeOrder(request, reply, page, { payer, owner, action });
    if (action === 'later' && pay_later_allowed)
      return placeLater(request, reply, page, () => showChoices(ctx, payer, owner));
    return payOrder(request, reply, page, {
      peek: async () => {
        const honored = await findShownLines(ctx.db, owner, 'cart');
        return loadInvoicables(ctx.db, { payer, owner, at: ctx.clock.now(), honored });
      },
      show: (keeps_price) => showChoices(ctx, payer, owner, keeps_price),
      scope: {},
    });
  });
}

/** Loads the order of the cart with the options of every item, and records it as shown. */
function showChoices(ctx: Context, payer: Profile, owner: Payer['owner'], keeps_price = false): Promise<Invoicable[]> {
  return showCart(ctx, payer, owner, { undecided: true, keeps_price });
}

/**
 * Changes a code, a period or an item, and shows the order again, with the non-secret fields of the payment form. A
 * script posts this without leaving the page, so that the card fields keep their values.
 */
async function changeOrder(
  request: FastifyRequest,
  reply: FastifyReply,
  page: OrderPage,
  change: { payer: Profile; owner: Payer['owner']; action: ChangeAction },
): Promise<FastifyReply> {
  const { ctx } = request;
  const { payer, owner } = change;
  try {
    await runChange(request, change, () => showChoices(ctx, payer, owner));
  } catch (error) {
    const { status, ...problem } = placeAtCodeField(problemToForm(error));
    const form = { ...readKeptFields(request), code: textField(request.body, 'code', 200) };
    return showOrder(request, reply, page, payer, await showChoices(ctx, payer, owner), { ...problem, form }, status);
  }
  const form = readKeptFields(request);
  return showOrder(request, reply, page, payer, await showChoices(ctx, payer, owner), { form });
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
    config: { access: { kind: 'direct', manages: true }, page: true },
    schema: {
      hide: true,
      querystring: OrderQuerySchema,
      params: Type.Object({ profile: Type.String(), plan: Type.Optional(Type.String()) }),
    },
  } as const;
  const page = { page_type: balancePage, processors, pay_later_allowed: false };
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
  /** True if the site lets buyers order without paying. */
  pay_later_allowed: boolean;
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
    const order = await peek();
    // Before the buyer chooses a period, the first option of an item is paid.
    const priced = chooseOptions(order, undefined) ?? order;
    const [credit, total] = [await loadCredit(ctx.db, payer.id, priced), sumLines(collectLines(priced), 'usd')];
    const free = total !== null && total.amount === credit.amount;
    const onFile = textField(body, 'use_card', 20) === 'on_file';
    const { processors } = page;
    const token = (free && !asksCard(priced)) || onFile ? null : processors.chosen.readCardForm(body, ctx.clock.now());
    const charge = await checkOut({ ...ctx, processors }, payer.id, owner, {
      choices: undefined,
      token,
      remember_card: checkedField(body, 'remember_card'),
      cart_version: textField(body, 'cart_version', 64) || null,
      credit_shown: readCredit(body),
      save_key: readFormKey(request),
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
    const led = leadToBank(reply, error, { back_url: paths.checkout(payer.slug) });
    if (led !== null) return led;
    const confirmed = confirmedCharge(error);
    if (confirmed !== null) {
      reply.flash('info', 'Your earlier payment was confirmed just now. Nothing more was charged.');
      return reply.redirect(paths.receipt(payer.slug, confirmed), 303);
    }
    const { status, ...problem } = placeDecline(problemToForm(error));
    const invoicables = await show(problem.code !== billingProblems.cart_changed.code);
    return showOrder(request, reply, page, payer, invoicables, { ...problem, form: readKeptFields(request) }, status);
  }
}

/** Returns the charge of the payment that was confirmed while its payer paid in another way; null for other errors. */
function confirmedCharge(error: unknown): string | null {
  if (!(error instanceof Problem) || error.code !== billingProblems.payment_confirmed.code) return null;
  const key = error.extra.members?.['charge'];
  return typeof key === 'string' ? key : null;
}

/** Orders the cart without paying, then shows the link that pays the order. */
async function placeLater(
  request: FastifyRequest,
  reply: FastifyReply,
  page: OrderPage,
  show: () => Promise<Invoicable[]>,
): Promise<FastifyReply> {
  try {
    const next = await orderToPayLater(request, page.processors);
    reply.flash('success', 'Thank you, your order is placed. Pay it when you are ready.');
    return await reply.redirect(next, 303);
  } catch (error) {
    const { status, ...problem } = problemToForm(error);
    const { payer } = await getPayer(request);
    return showOrder(request, reply, page, payer, await show(), problem, status);
  }
}

/** Moves the reason of a declined card to the field of its number. */
function placeDecline(problem: FormProblem): FormProblem {
  if (problem.code !== paymentsProblems.card_declined.code) return problem;
  return { ...problem, detail: 'The payment did not go through', errors: { card_number: [problem.detail] } };
}

async function showOrder(
  request: FastifyRequest,
  reply: FastifyReply,
  { page_type, processors, pay_later_allowed }: OrderPage,
  payer: Profile,
  invoicables: readonly Invoicable[],
  refused: RefusedForm = {},
  status = 200,
): Promise<FastifyReply> {
  const { db, clock } = request.ctx;
  const view = viewChoices(invoicables);
  const offered = { unit: view.lines_price.unit, invoicables: invoicables.map(takeStoredOption) };
  const [card, profile, credit] = await mergeReads(db, [
    (reader) => findCardFor(reader, processors, payer.id, { ...offered, at: clock.now() }),
    (reader) => loadPayerSummary(reader, payer),
    (reader) => loadCredit(reader, payer.id, offered.invoicables),
  ]);
  const account = await findCardAccount(db, processors, offered);
  const rest = { ...view.lines_price, amount: view.lines_price.amount - credit.amount };
  return reply.page(
    page_type,
    {
      profile,
      receipt_email: payer.email === '' ? null : payer.email,
      ...view,
      credit_used: credit.amount === 0 ? null : credit,
      order_total: view.lines_price,
      lines_price: rest,
      due_apart: linkBalances(payer, invoicables),
      card: card ? presentSavedCard(card) : null,
      asks_card: asksCard(offered.invoicables),
      ...cardFormOf(request, processors, rest, account),
      may_pay_later: pay_later_allowed && (await mayPayLater(request.ctx.db, invoicables)),
      ...refused,
    },
    status,
  );
}

/** True if a trial begins that is charged to a card on file at its end. */
function asksCard(invoicables: readonly Invoicable[]): boolean {
  return invoicables.some(({ plan, lines }) => plan.trial_requires_card && lines.some(({ kind }) => kind === 'trial'));
}

/** Returns the pages that pay the balance of each plan separately. */
function linkBalances(payer: Profile, invoicables: readonly Invoicable[]): { name: string; href: string }[] {
  const plans = new Map(invoicables.flatMap(({ kind, plan }) => (kind === 'balance' ? [[plan.slug, plan]] : [])));
  return [...plans.values()].map(({ slug, title }) => ({ name: title, href: paths.balance(payer.slug, slug) }));
}
