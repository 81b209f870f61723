import { countRedemption } from '#catalog';
import type { Context } from '#platform/context';
import type { CouponId } from '#platform/db-schema';
import { inTransaction, isUniqueViolation, type Tx } from '#platform/db';
import { type Attempt, isAnyUnresolved, reserveAttempt, unresolvedChargeOf } from '#payments';
import { lockProfile, type Profile } from '#profiles';
import { lockSubscriptions } from '#subscriptions';
import type { CartItem, CartOwner } from './cart-item.ts';
import { deleteCartItem, lockCartItems } from './cart-item-store.ts';
import { allLines, cartVersion, type Choice, chooseOptions, type Invoicable, type Line, totalOf } from './line.ts';
import { loadBalances } from './load-balances.ts';
import { loadInvoicables } from './load-invoicables.ts';
import { linesOfOrder, type Order } from './order.ts';
import { findOrderInFlight, findOrdersOn, insertOrder, insertOrderLines, isAnyItemInFlight } from './order-store.ts';
import { billingProblems } from './problems.ts';
import { bookOrder } from './book-order.ts';

export interface CheckoutInput {
  choices?: readonly Choice[] | undefined;
  token: string | null;
  remember_card: boolean;
  /** What the buyer was shown; a cart that has changed since is refused. */
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
 * @throws cart_empty, cart_changed, checkout_in_flight, charge_pending, coupon_no_longer_valid (409),
 *   options_undecided, currency_mixed, charge_too_small, charge_too_large, payment_method_absent (400)
 * @see docs/decisions/0005-checkout-in-three-verbs.md
 */
export async function reserveOrder(
  ctx: Context,
  payer_id: Profile['id'],
  owner: CartOwner,
  input: CheckoutInput,
): Promise<Reservation> {
  try {
    return await inTransaction(ctx.db, async (tx) => {
      const at = ctx.clock.now();
      const payer = await lockProfile(tx, payer_id);
      if (await findOrderInFlight(tx, payer.id)) throw billingProblems.checkout_in_flight({ retry_after_s: 2 });
      const items = input.balance_only === true ? null : await holdCart(tx, owner);
      const load = async () =>
        items === null
          ? balancesOn(input.balance_plan ?? null, await loadBalances(tx, payer, at))
          : // Who says what was shown is refused by that when a coupon went bad, and can go on at the price without it.
            loadInvoicables(tx, { payer, owner, items, at, strict_coupons: input.cart_version === null });
      const invoicables = decide(await holdBalances(tx, payer, load), input);
      return placeOrder(ctx, tx, { payer, invoicables, input, at });
    });
  } catch (error) {
    if (isUniqueViolation(error, 'orders_one_in_flight'))
      throw billingProblems.checkout_in_flight({ retry_after_s: 2, cause: error });
    throw error;
  }
}

/** Holds a cart, which its owner could check out for several profiles at once. */
async function holdCart(tx: Tx, owner: CartOwner): Promise<CartItem[]> {
  const items = await lockCartItems(tx, owner);
  const ids = items.map(({ id }) => id);
  if (await isAnyItemInFlight(tx, ids)) throw billingProblems.checkout_in_flight({ retry_after_s: 2 });
  return items;
}

/** Loads what is to be paid, with what is due held so that nobody else who could pay it does. */
async function holdBalances(tx: Tx, payer: Profile, load: () => Promise<Invoicable[]>): Promise<Invoicable[]> {
  const seen = await load();
  const ids = seen.flatMap(({ kind, subscription }) => (kind === 'balance' && subscription ? [subscription.id] : []));
  if (ids.length === 0) return seen;
  await lockSubscriptions(tx, ids);
  const orders = await findOrdersOn(tx, ids);
  const attempts = orders.flatMap(({ charge_attempt_id }) => charge_attempt_id ?? []);
  const pending =
    orders.some(({ state }) => state === 'reserved') ||
    (await unresolvedChargeOf(tx, payer.id)) !== undefined ||
    (await isAnyUnresolved(tx, attempts));
  if (pending) throw billingProblems.charge_pending();
  // Somebody may have paid while we waited for the locks.
  const held = await load();
  return held.filter(({ kind, subscription }) => kind === 'cart' || (subscription && ids.includes(subscription.id)));
}

/** Of what is due, what is due on a plan; all of it for null. */
export function balancesOn(plan: string | null, balances: readonly Invoicable[]): Invoicable[] {
  return balances.filter((each) => plan === null || each.plan.slug === plan);
}

function decide(loaded: readonly Invoicable[], input: CheckoutInput): Invoicable[] {
  if (loaded.length === 0) throw billingProblems.cart_empty();
  if (input.cart_version !== null && input.cart_version !== cartVersion(loaded)) throw billingProblems.cart_changed();
  const invoicables = chooseOptions(loaded, input.choices);
  if (invoicables === null) throw billingProblems.options_undecided();
  return invoicables;
}

async function placeOrder(
  ctx: Context,
  tx: Tx,
  {
    payer,
    invoicables,
    input,
    at,
  }: { payer: Profile; invoicables: readonly Invoicable[]; input: CheckoutInput; at: Date },
): Promise<Reservation> {
  const lines = allLines(invoicables);
  const total = totalOf(lines, lines[0]?.unit ?? 'usd');
  if (total === null) throw billingProblems.currency_mixed();
  await takeRedemptions(tx, lines);
  for (const id of invoicables.flatMap(({ duplicates }) => duplicates ?? [])) await deleteCartItem(tx, id);
  const created_by = ctx.actor.kind === 'user' ? ctx.actor.user_id : null;
  const attempt =
    total.amount === 0
      ? null
      : await reserveAttempt(tx, {
          profile_id: payer.id,
          created_by,
          ...total,
          description: chargeDescription(lines),
          token: input.token,
          remember_card: input.remember_card,
          key: input.key ?? null,
          at,
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
  const orderLines = await insertOrderLines(tx, linesOfOrder(order.id, invoicables));
  if (attempt === null) await bookOrder(tx, order, orderLines, null, at);
  return { order, attempt };
}

/** Takes one use of each coupon for the whole order, however many lines it lowers. */
async function takeRedemptions(tx: Tx, lines: readonly Line[]): Promise<void> {
  const used = new Map<CouponId, string>();
  for (const { coupon } of lines) if (coupon) used.set(coupon.id, coupon.code);
  for (const [id, code] of [...used].toSorted(([a], [b]) => a - b)) {
    if (!(await countRedemption(tx, id))) {
      throw billingProblems.coupon_no_longer_valid({
        detail: `The coupon ${code} has been used up. Nothing was charged.`,
      });
    }
  }
}

function chargeDescription(lines: readonly Line[]): string {
  const [first] = lines;
  return lines.length === 1 && first ? first.description : `${lines.length} items`;
}
