import assert from 'node:assert/strict';
import { countRedemption, lockCoupons } from '#catalog';
import { actorId } from '#platform/actor-id';
import type { CouponId } from '#platform/db/db-schema';
import { paths } from '#platform/http/paths';
import { inTransaction, isUniqueViolation, type Tx } from '#platform/db/database';
import { type Attempt, isAnyUnresolved, type PaymentContext, reserveAttempt, unresolvedChargeOf } from '#payments';
import { lockProfile, type Profile } from '#profiles';
import { lockSubscriptions } from '#subscriptions';
import {
  type CartItem,
  type CartOwner,
  deleteCartItem,
  lockCartItems,
  collectLines,
  cartVersion,
  type Choice,
  type Invoicable,
  type Line,
  sumLines,
  buildOrderLines,
  type Order,
  findItemsInFlight,
  findOrderInFlight,
  findOrdersOfSubscriptions,
  insertOrder,
  insertOrderLines,
  type ShownLine,
  deleteShownItems,
  findShownLines,
} from '../records/index.ts';
import { lockSeatCharges } from '../claims/index.ts';
import {
  confirmInvoicables,
  chooseInvoicables,
  isChargeTooSmall,
  currencyMixedProblem,
  emptyOrderProblem,
  chargeTooSmallProblem,
} from './confirm-invoicables.ts';
import { buildLineFacts, describeLine, filterBalances, loadBalances, loadInvoicables } from '../quotes/index.ts';
import { billingProblems } from '../problems.ts';
import { bookOrder } from '../orders/index.ts';

export interface CheckoutInput {
  choices?: readonly Choice[] | undefined;
  token: string | null;
  remember_card: boolean;
  /** Names the response that the buyer confirms; null for the last one that was shown. */
  cart_version: string | null;
  /** Names the intent to charge, when whoever asks may ask again; random when left out. */
  key?: string | null;
  /** Pay only what is due, and leave the cart as it is. */
  balance_only?: boolean;
  /** Of what is due, only what is due on this plan. */
  balance_plan?: string | null;
}

export interface Reservation {
  order: Order;
  /** Null when there is nothing to charge: the order is settled already. */
  attempt: Attempt | null;
}

/**
 * First of the three steps of a checkout: decides what is bought at which price and writes that down, before any money moves.
 * An order over nothing is settled on the spot. Uses of coupons are taken here and given back if the payment is refused.
 *
 * Locks: the payer's profile, then the cart, then the subscriptions on which something is due: others could pay for either.
 * The unique index on open orders is the last word against a double checkout.
 * The order is exactly what the buyer was shown: by the response that `cart_version` names, otherwise by the last response.
 * @throws cart_empty, cart_changed, checkout_in_flight, charge_pending (409), invalid_input (400) naming `items`,
 *   options_undecided, currency_mixed, charge_too_small, charge_too_large, payment_method_absent (400)
 * @see docs/decisions/0005-checkout-in-three-verbs.md
 */
export async function reserveOrder(
  ctx: PaymentContext,
  payer_id: Profile['id'],
  owner: CartOwner,
  input: CheckoutInput,
): Promise<Reservation> {
  try {
    return await inTransaction(ctx.db, async (tx) => {
      const at = ctx.clock.now();
      const payer = await lockProfile(tx, payer_id);
      if (await findOrderInFlight(tx, payer.id)) throw billingProblems.checkout_in_flight({ retry_after_s: 2 });
      const items = input.balance_only === true ? null : await lockCart(tx, owner);
      const shown = await findShownLines(tx, owner, items === null ? 'balance' : 'cart');
      const load = async (honored: readonly ShownLine[]) =>
        items === null
          ? filterBalances(input.balance_plan ?? null, await loadBalances(tx, payer, at))
          : loadInvoicables(tx, { payer, owner, items, at, honored });
      const loaded = await lockBalances(tx, payer, () => load(shown));
      const confirmed = await confirmInvoicables({ loaded, shown, input, loadNow: () => load([]) });
      if (confirmed.length === 0) throw emptyOrderProblem(items);
      return placeOrder(ctx, tx, { payer, owner, invoicables: chooseInvoicables(confirmed, input), input, at });
    });
  } catch (error) {
    if (isUniqueViolation(error, 'orders_one_in_flight'))
      throw billingProblems.checkout_in_flight({ retry_after_s: 2, cause: error });
    throw error;
  }
}

/** Locks a cart, which its owner could check out for several profiles at once, the coupons in it and what paid for its seats. */
async function lockCart(tx: Tx, owner: CartOwner): Promise<CartItem[]> {
  const items = await lockCartItems(tx, owner);
  await lockCoupons(tx, [...new Set(items.flatMap(({ coupon_id }) => coupon_id ?? []))]);
  const ids = items.map(({ id }) => id);
  if ((await findItemsInFlight(tx, ids)).length > 0) throw billingProblems.checkout_in_flight({ retry_after_s: 2 });
  await lockSeatCharges(
    tx,
    items.flatMap(({ claim_id }) => claim_id ?? []),
  );
  return items;
}

/** Loads what is to be paid, with what is due held so that nobody else who could pay it does. */
async function lockBalances(tx: Tx, payer: Profile, load: () => Promise<Invoicable[]>): Promise<Invoicable[]> {
  const seen = await load();
  const balances = seen.filter(({ kind }) => kind === 'balance');
  if (balances.length === 0) return seen;
  // What is due for seats has no subscription: only the payer, whose profile is locked, can pay it.
  const ids = balances.flatMap(({ subscription }) => subscription?.id ?? []);
  if (ids.length > 0) await lockSubscriptions(tx, ids);
  const orders = await findOrdersOfSubscriptions(tx, ids);
  const attempts = orders.flatMap(({ charge_attempt_id }) => charge_attempt_id ?? []);
  const pending =
    orders.some(({ state }) => state === 'reserved') ||
    (await unresolvedChargeOf(tx, payer.id)) !== undefined ||
    (await isAnyUnresolved(tx, attempts));
  if (pending) throw billingProblems.charge_pending({ location: paths.history(payer.slug) });
  // Somebody may have paid while we waited for the locks.
  const held = await load();
  return held.filter(({ kind, subscription }) => kind === 'cart' || !subscription || ids.includes(subscription.id));
}

interface Placing {
  payer: Profile;
  owner: CartOwner;
  invoicables: readonly Invoicable[];
  input: CheckoutInput;
  at: Date;
}

async function placeOrder(
  ctx: PaymentContext,
  tx: Tx,
  { payer, owner, invoicables, input, at }: Placing,
): Promise<Reservation> {
  const lines = collectLines(invoicables);
  const total = sumLines(lines, lines[0]?.unit ?? 'usd');
  if (total === null) throw currencyMixedProblem(payer, invoicables);
  await countRedemptions(tx, lines);
  const duplicates = invoicables.flatMap((each) => each.duplicates ?? []);
  for (const id of duplicates) await deleteCartItem(tx, id);
  await deleteShownItems(tx, owner, duplicates);
  const created_by = actorId(ctx);
  const attempt =
    total.amount === 0
      ? null
      : await reserveAttempt(tx, {
          processors: ctx.processors,
          profile_id: payer.id,
          created_by,
          ...total,
          description: chargeDescription(invoicables),
          token: input.token,
          remember_card: input.remember_card,
          key: input.key ?? null,
          at,
        }).catch((error: unknown) => {
          throw isChargeTooSmall(error) ? chargeTooSmallProblem(payer, total, lines) : error;
        });
  const order = await insertOrder(
    tx,
    {
      profile_id: payer.id,
      created_by,
      cart_version: cartVersion(invoicables),
      ...total,
      charge_attempt_id: attempt?.id ?? null,
    },
    at,
  );
  const orderLines = await insertOrderLines(tx, buildOrderLines(order, invoicables));
  if (attempt === null) await bookOrder(tx, order, orderLines, null, at);
  return { order, attempt };
}

/** Takes one use of each coupon for the whole order, however many lines it lowers. */
async function countRedemptions(tx: Tx, lines: readonly Line[]): Promise<void> {
  const used = new Map<CouponId, string>();
  for (const { coupon } of lines) if (coupon) used.set(coupon.id, coupon.code);
  for (const [id, code] of [...used].toSorted(([a], [b]) => a - b)) {
    assert(await countRedemption(tx, id), `the locked coupon ${code} has a use left`);
  }
}

/** Text of the charge on the processor's pages and on its receipt. */
function chargeDescription(invoicables: readonly Invoicable[]): string {
  const texts = invoicables.flatMap(({ lines, plan }) => lines.map((line) => describeLine(buildLineFacts(line, plan))));
  return texts.length === 1 && texts[0] !== undefined ? texts[0] : `${texts.length} items`;
}
