import assert from 'node:assert/strict';
import { countRedemption, lockCoupons } from '#catalog';
import { actorId } from '#platform/actor-id';
import type { CouponId } from '#platform/db/db-schema';
import { paths } from '#platform/http/paths';
import { inTransaction, isUniqueViolation, type Tx } from '#platform/db/database';
import {
  type Attempt,
  hasUnresolvedCharge,
  type PaymentContext,
  reserveAttempt,
  findUnresolvedCharge,
} from '#payments';
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
  /** Hash of the response that the buyer confirms; null for the response shown last. */
  cart_version: string | null;
  /** Idempotency key of the charge; random when omitted. */
  key?: string | null;
  /** Pays only balances due; the cart is unchanged. */
  balance_only?: boolean;
  /** Slug of the plan whose balance is paid; all plans when omitted. */
  balance_plan?: string | null;
}

export interface Reservation {
  order: Order;
  /** Null if the total is zero: the order is settled. */
  attempt: Attempt | null;
}

/**
 * First step of a checkout: fixes items and prices and inserts the order before any money moves. An order with a total
 * of zero is settled here. Counts the redemptions of coupons; closeUnpaidOrder releases them.
 *
 * The order equals what the buyer was shown: the response that `cart_version` names, otherwise the last response.
 *
 * Locks: the payer's profile, then the cart items, the coupons and the charges of claimed seats, then the subscriptions
 * with a balance due. The unique index orders_one_in_flight rejects a second open order of the payer.
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

/**
 * Locks the items of a cart, their coupons and the charges of claimed seats. The owner of the cart may check it out for
 * several profiles concurrently.
 * @throws checkout_in_flight (409) if an item is in an open order
 */
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

/**
 * Loads the invoicables with the subscriptions of balances locked, so that no other payer pays a balance concurrently.
 * @throws charge_pending (409) if a payment that may cover a balance is open
 */
async function lockBalances(tx: Tx, payer: Profile, load: () => Promise<Invoicable[]>): Promise<Invoicable[]> {
  const seen = await load();
  const balances = seen.filter(({ kind }) => kind === 'balance');
  if (balances.length === 0) return seen;
  // A balance of seats has no subscription: only the payer, whose profile is locked, can pay it.
  const ids = balances.flatMap(({ subscription }) => subscription?.id ?? []);
  if (ids.length > 0) await lockSubscriptions(tx, ids);
  const orders = await findOrdersOfSubscriptions(tx, ids);
  const attempts = orders.flatMap(({ charge_attempt_id }) => charge_attempt_id ?? []);
  const pending =
    orders.some(({ state }) => state === 'reserved') ||
    (await findUnresolvedCharge(tx, payer.id)) !== undefined ||
    (await hasUnresolvedCharge(tx, attempts));
  if (pending) throw billingProblems.charge_pending({ location: paths.history(payer.slug) });
  // Another payer may have paid before the locks were acquired.
  const current = await load();
  return current.filter(({ kind, subscription }) => kind === 'cart' || !subscription || ids.includes(subscription.id));
}

interface PlacingInput {
  payer: Profile;
  owner: CartOwner;
  invoicables: readonly Invoicable[];
  input: CheckoutInput;
  at: Date;
}

async function placeOrder(
  ctx: PaymentContext,
  tx: Tx,
  { payer, owner, invoicables, input, at }: PlacingInput,
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

/** Counts one redemption of each coupon per order, for any number of lines. */
async function countRedemptions(tx: Tx, lines: readonly Line[]): Promise<void> {
  const used = new Map<CouponId, string>();
  for (const { coupon } of lines) if (coupon) used.set(coupon.id, coupon.code);
  for (const [id, code] of [...used].toSorted(([a], [b]) => a - b)) {
    assert(await countRedemption(tx, id), `the locked coupon ${code} has a redemption left`);
  }
}

/** Returns the description of the charge at the processor: the text of the line, or the number of items. */
function chargeDescription(invoicables: readonly Invoicable[]): string {
  const texts = invoicables.flatMap(({ lines, plan }) => lines.map((line) => describeLine(buildLineFacts(line, plan))));
  return texts.length === 1 && texts[0] !== undefined ? texts[0] : `${texts.length} items`;
}
