import assert from 'node:assert/strict';
import { countRedemptions } from '#catalog';
import { actorId } from '#platform/actor-id';
import type { Money } from '#kernel/money';
import type { Problem } from '#kernel/problem';
import type { CouponId, PlanId } from '#platform/db/db-schema';
import { inTransaction, isUniqueViolation, type Tx } from '#platform/db/database';
import {
  type Attempt,
  IntentRefused,
  type NamedIntent,
  type PaymentContext,
  paymentsProblems,
  prepareAttempt,
} from '#payments';
import type { Profile } from '#profiles';
import { lockSubscriptionSlots } from '#subscriptions';
import {
  type CartOwner,
  deleteOpenItems,
  collectLines,
  cartVersion,
  type Choice,
  type Invoicable,
  type Line,
  sumLines,
  buildOrderLines,
  payableLines,
  type NewOrderLine,
  type Order,
  insertOrder,
  insertPaymentLink,
  deleteShownItems,
} from '../records/index.ts';
import {
  confirmInvoicables,
  chooseInvoicables,
  isChargeTooSmall,
  requirePaidQuantities,
  currencyMixedProblem,
  emptyOrderProblem,
  chargeTooSmallProblem,
} from './confirm-invoicables.ts';
import { buildLineFacts, describeLine, lockBalances } from '../quotes/index.ts';
import { billingProblems } from '../problems.ts';
import { lockAndLoad, planLoads } from './load-due.ts';
import { creditLinesOf, heldCredit, type OpenLot, planUses, sumUsesByRank } from '../credits/index.ts';
import { beginTrials, bookOrder, loadBooking, requirePromisedTrials, slotsOf } from '../orders/index.ts';

export interface CheckoutInput {
  choices?: readonly Choice[] | undefined;
  token: string | null;
  /** The payment that the token names, if it names no card. */
  intent?: NamedIntent | null;
  /** Plans whose trials the buyer was promised before the card was put on file. */
  promised_trials?: readonly PlanId[];
  remember_card: boolean;
  /** Hash of the response that the buyer confirms; null for the response shown last. */
  cart_version: string | null;
  /** Idempotency key of the charge; random when omitted. */
  key?: string | null;
  /** Key of the form or the request, with which a card for a trial is put on file once. */
  save_key?: string | null;
  /** Credit that the buyer was shown; a smaller amount is refused. Omitted: not checked. */
  credit_shown?: number;
  /** Pays only balances due; the cart is unchanged. */
  balance_only?: boolean;
  /** Slug of the plan whose balance is paid; all plans when omitted. */
  balance_plan?: string | null;
}

export interface Reservation {
  payer: Profile;
  order: Order;
  /** Null if no card is charged: the order is settled. */
  attempt: Attempt | null;
  /** Total less the credit that the order uses. */
  rest: number;
}

/**
 * First step of a checkout: fixes items and prices and inserts the order before any money moves. Credit of the payer
 * pays first, and is held. An order that leaves nothing for a card is settled here. Counts the redemptions of coupons;
 * closeUnpaidOrder releases them, and the credit.
 *
 * The order equals what the buyer was shown: the response that `cart_version` names, otherwise the last response.
 *
 * Locks: the payer's profile, then the cart items, the lots of credit, the coupons and the charges of claimed seats,
 * then the subscriptions with a balance due. The unique index orders_one_in_flight rejects a second open order of the
 * payer.
 * @throws cart_empty, cart_changed, trial_used, claim_quantity, checkout_in_flight, charge_pending (409),
 *   invalid_input (400) naming `items`, options_undecided, currency_mixed, charge_too_small, charge_too_large, payment_method_absent (400)
 * @see docs/decisions/0005-checkout-in-three-verbs.md
 */
export async function reserveOrder(
  ctx: PaymentContext,
  payer_id: Profile['id'],
  owner: CartOwner,
  input: CheckoutInput,
): Promise<Reservation> {
  return refusingConcurrent(() =>
    inTransaction(ctx.db, async (tx) => {
      const at = ctx.clock.now();
      const locked = await lockAndLoad(tx, { payer_id, owner, at, is_balance_only: input.balance_only === true });
      const { payer, cart } = locked;
      const { load, loadNow } = planLoads(tx, { ...locked, owner, at, balance_plan: input.balance_plan ?? null });
      const loaded = await lockBalances(tx, payer, load);
      requirePromisedTrials(payer, loaded, input.promised_trials ?? []);
      const confirmed = await confirmInvoicables({ loaded, shown: locked.shown, input, loadNow });
      if (confirmed.length === 0) throw emptyOrderProblem(cart && cart.items);
      return placeOrder(ctx, tx, {
        payer,
        owner,
        invoicables: chooseInvoicables(confirmed, input),
        input,
        at,
        credit: locked.credit,
      });
    }),
  );
}

/**
 * Runs a transaction that inserts an order.
 * @throws checkout_in_flight (409) if the payer has another open order; cart_changed (409) if another order took a free
 *   entry at the same time; intent_used (409) if another order took the named payment
 */
export async function refusingConcurrent<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (isUniqueViolation(error, 'orders_one_in_flight'))
      throw billingProblems.checkout_in_flight({ retry_after_s: 2, cause: error });
    if (isUniqueViolation(error, 'charge_attempts_intent_key_key'))
      throw paymentsProblems.intent_used({ cause: error });
    if (isUniqueViolation(error, 'free_entries_pkey'))
      throw billingProblems.cart_changed({
        detail: 'A free entry of this order was taken by another order. Nothing was charged. Check the new price.',
        cause: error,
      });
    throw error;
  }
}

export interface PlacingInput {
  payer: Profile;
  owner: CartOwner;
  invoicables: readonly Invoicable[];
  input: CheckoutInput;
  at: Date;
  /** Lots of the payer, locked. */
  credit: readonly OpenLot[];
  /** Code of the link that pays the order; the order is booked now, and no card is charged. Null: it is paid now. */
  claim_code?: string | null;
}

/**
 * Inserts an order that uses the credit of the payer. Books it at once if no card is charged: nothing is left to pay,
 * less than a card can pay, or the order is paid later.
 */
export async function placeOrder(
  ctx: PaymentContext,
  tx: Tx,
  { payer, owner, invoicables, input, at, credit, claim_code = null }: PlacingInput,
): Promise<Reservation> {
  const lines = collectLines(invoicables);
  const total = sumLines(lines, lines[0]?.unit ?? 'usd');
  if (total === null) throw currencyMixedProblem(payer, invoicables);
  requirePaidQuantities(invoicables);
  await beginTrials(tx, payer, invoicables, { token: input.token, at });
  await countCoupons(tx, lines);
  const duplicates = invoicables.flatMap((each) => each.duplicates ?? []);
  await deleteOpenItems(tx, duplicates);
  await deleteShownItems(tx, owner, duplicates);
  const created_by = actorId(ctx);
  const { order_lines, uses, rest } = useCredit(payer, buildOrderLines(total.unit, invoicables), total, credit);
  if (total.amount - rest.amount < (input.credit_shown ?? 0)) throw billingProblems.cart_changed();
  const prepared =
    claim_code === null
      ? await prepareRest(ctx, tx, { payer, invoicables, input, at }, { total, rest, order_lines })
      : null;
  const placed = await insertOrder(
    tx,
    {
      profile_id: payer.id,
      created_by,
      cart_version: cartVersion(invoicables),
      ...total,
      attempt: prepared && prepared.row,
    },
    order_lines,
    at,
    heldCredit(uses, at),
  );
  const reservation = { payer, order: placed.order, rest: rest.amount };
  if (placed.attempt !== null && prepared !== null)
    return { ...reservation, attempt: { ...placed.attempt, source: prepared.source } };
  if (claim_code !== null && rest.amount > 0)
    await insertPaymentLink(tx, {
      order_id: placed.order.id,
      profile_id: payer.id,
      provider_id: getSeller(lines),
      claim_code,
      ...rest,
      created_by,
      created_at: at,
    });
  await lockSubscriptionSlots(tx, slotsOf(placed.lines));
  const loaded = await loadBooking(tx, placed.order);
  await bookOrder(ctx, tx, { order: placed.order, lines: placed.lines, payment: null, at }, loaded);
  return { ...reservation, attempt: null };
}

/**
 * Prepares the charge of what credit leaves of an order; null if it leaves nothing, or less than a card can pay: that
 * stays due, and is collected with the next charge.
 */
async function prepareRest(
  ctx: PaymentContext,
  tx: Tx,
  { payer, invoicables, input, at }: Pick<PlacingInput, 'payer' | 'invoicables' | 'input' | 'at'>,
  { total, rest, order_lines }: { total: Money; rest: Money; order_lines: readonly NewOrderLine[] },
) {
  if (rest.amount === 0) return null;
  return prepareAttempt(tx, {
    processors: ctx.processors,
    profile_id: payer.id,
    created_by: actorId(ctx),
    ...rest,
    lines: payableLines(order_lines),
    description: chargeDescription(invoicables),
    token: input.token,
    intent: input.intent ?? null,
    remember_card: input.remember_card,
    key: input.key ?? null,
    at,
  }).catch((error: unknown) => {
    if (error instanceof IntentRefused) throw refusedProblem(error);
    if (!isChargeTooSmall(error)) throw error;
    if (rest.amount < total.amount) return null;
    throw chargeTooSmallProblem(payer, total, collectLines(invoicables));
  });
}

function refusedProblem(error: IntentRefused): Problem {
  if (error.reason === 'busy') return billingProblems.checkout_in_flight({ retry_after_s: 30, cause: error });
  return billingProblems.cart_changed({
    detail: 'The payment is of another amount than the order. Check the new lines in the response.',
    cause: error,
  });
}

/** Plans what credit pays of the lines of an order. `rest` is what it leaves. */
function useCredit(payer: Profile, given: readonly NewOrderLine[], total: Money, credit: readonly OpenLot[]) {
  const uses = planUses(credit, creditLinesOf(payer.id, given));
  const byRank = sumUsesByRank(uses);
  const order_lines = given.map((line) => ({ ...line, credit_used: byRank.get(line.rank) ?? 0 }));
  const used = uses.reduce((sum, { amount }) => sum + amount, 0);
  return { uses, order_lines, rest: { amount: total.amount - used, unit: total.unit } };
}

/** Returns the provider of the lines of an order that is paid later. */
function getSeller(lines: readonly Line[]) {
  const seller_id = lines[0]?.provider_id;
  assert(seller_id !== undefined, 'an order has a line');
  return seller_id;
}

/** Counts one redemption of each coupon per order, for any number of lines. */
async function countCoupons(tx: Tx, lines: readonly Line[]): Promise<void> {
  const used = new Map<CouponId, string>();
  for (const { coupon } of lines) if (coupon) used.set(coupon.id, coupon.code);
  const counted = await countRedemptions(tx, [...used.keys()]);
  for (const [id, code] of used) assert(counted.has(id), `the locked coupon ${code} has a redemption left`);
}

/** Returns the description of the charge at the processor: the text of the line, or the number of items. */
function chargeDescription(invoicables: readonly Invoicable[]): string {
  const texts = invoicables.flatMap((each) => each.lines.map((line) => describeLine(buildLineFacts(line, each))));
  return texts.length === 1 && texts[0] !== undefined ? texts[0] : `${texts.length} items`;
}
