import { countRedemptions, lockCoupons, releaseRedemption } from '#catalog';
import type { Context } from '#platform/context';
import type { CouponId, OrderId, ProfileId } from '#platform/db/db-schema';
import { inTransaction, type Tx } from '#platform/db/database';
import {
  type AcceptedOutcome,
  type Attempt,
  type Charge,
  closeUnpaidAttempt,
  type DeclinedOutcome,
  type DeclineKind,
} from '#payments';
import { lockProfile } from '#profiles';
import { holdAgain, returnHeldCredit } from '../credits/index.ts';
import { bookOrder } from './book-order.ts';
import { beginTrialsAgain, releaseTrials } from './begin-trials.ts';
import { loadBooking, lockAndLoadBooking } from './load-booking.ts';
import {
  endHolding,
  findOrderLines,
  lockReservedOrder,
  type Order,
  type OrderLine,
  releaseFreeEntries,
  updateOrderState,
} from '../records/index.ts';

/** What the payment of a balance does in sub-rooms above, such as the end of dunning. Must not throw. */
export type BalancePaid = (ctx: Context, payer_id: ProfileId) => Promise<void>;

/** Why an attempt ended without money. `kind`: of a decline, if a card was declined. */
export interface UnpaidReason {
  state: 'declined' | 'failed';
  code: string;
  detail: string;
  kind?: DeclineKind;
  /** True for the charge of a job: it has notices of its own. */
  is_automatic?: boolean;
  /** As in `DeclinedOutcome`: a job cancels the payment. */
  open_intent_key?: string;
}

export function declinedReason({ code, detail, kind, open_intent_key }: DeclinedOutcome): UnpaidReason {
  const open = open_intent_key === undefined ? {} : { open_intent_key };
  return { state: 'declined', code, detail, kind, ...open };
}

/**
 * Last step of a checkout whose payment was accepted: books the order and the charge in one transaction. Returns null
 * if a concurrent request or job already settled or refused the order. A given-up order is booked too, because it is
 * paid. `is_automatic`: no order is confirmed by e-mail, because the receipt is enough.
 *
 * `balancePaid` runs after the transaction of an order that paid a balance.
 *
 * Locks: the payer's profile, the order, the slots of its subscriptions, then the subscriptions.
 */
export async function settleOrder(
  ctx: Context,
  order_id: OrderId,
  attempt: Attempt,
  outcome: AcceptedOutcome,
  { is_automatic = false, balancePaid }: { is_automatic?: boolean; balancePaid?: BalancePaid | undefined } = {},
): Promise<Charge | null> {
  let pays_balance = false;
  const charge = await inTransaction(ctx.db, async (tx) => {
    const locked = await lockAndLoadBooking(tx, attempt.profile_id, order_id);
    if (!locked) return null;
    const { order } = locked;
    let { lines, loaded } = locked;
    // The redemptions were released. Counts them again where one is left; the paid order keeps its price in any case.
    if (order.state === 'given_up' && !order.is_holding) {
      const coupons = collectCouponIds(lines);
      await lockCoupons(tx, coupons);
      await countRedemptions(tx, coupons);
      await beginTrialsAgain(tx, order, lines);
    }
    // Only the booking of a reserved order is loaded with its lock. What credit does not pay any more stays due.
    if (order.state === 'given_up') {
      lines = await holdAgain(tx, order, lines, ctx.clock.now());
      loaded = await loadBooking(tx, order);
    }
    pays_balance = lines.some(({ kind }) => kind === 'balance');
    const payment = { attempt, outcome };
    return bookOrder(ctx, tx, { order, lines, payment, is_automatic, at: ctx.clock.now() }, loaded);
  });
  if (pays_balance) await balancePaid?.(ctx, attempt.profile_id);
  return charge;
}

/**
 * Last step of a checkout without a payment. Refuses the order if the payment was declined; gives it up if the charge
 * never reached the processor. Returns the credit that the order holds. A refused order releases its redemptions of
 * coupons and its free entries; a given-up one keeps them until `releaseHolding`, because it is booked if its payment
 * appears. The cart is unchanged. No effect on a closed order.
 * `also` runs in the same transaction.
 *
 * Locks: the payer's profile, then the order.
 */
export async function closeUnpaidOrder(
  ctx: Context,
  order_id: OrderId,
  attempt: Attempt,
  reason: UnpaidReason,
  also?: (tx: Tx) => Promise<void>,
): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    await lockProfile(tx, attempt.profile_id);
    const order = await lockReservedOrder(tx, order_id);
    if (!order) return;
    const at = ctx.clock.now();
    await returnHeldCredit(tx, order.id);
    const is_holding = reason.state === 'failed';
    if (!is_holding) await releaseCounted(tx, order);
    await updateOrderState(tx, order.id, {
      state: is_holding ? 'given_up' : 'refused',
      is_holding,
      closed_at: at,
    });
    await closeUnpaidAttempt(tx, attempt, reason.state, reason, at);
    await also?.(tx);
  });
}

/**
 * Releases the redemptions, free entries and trials of a given-up order whose payment can no longer appear.
 *
 * Locks: the payer's profile, then the order.
 */
export async function releaseHolding(
  ctx: Context,
  { id, profile_id }: Pick<Order, 'id' | 'profile_id'>,
): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    await lockProfile(tx, profile_id);
    if (await endHolding(tx, id)) await releaseCounted(tx, { id, profile_id });
  });
}

async function releaseCounted(tx: Tx, { id: order_id, profile_id }: Pick<Order, 'id' | 'profile_id'>): Promise<void> {
  const lines = await findOrderLines(tx, order_id);
  for (const id of collectCouponIds(lines)) await releaseRedemption(tx, id);
  await releaseFreeEntries(tx, order_id);
  await releaseTrials(tx, profile_id, lines);
}

function collectCouponIds(lines: readonly OrderLine[]): CouponId[] {
  const coupons = new Set<CouponId>(lines.flatMap((line) => line.coupon_id ?? []));
  return [...coupons].toSorted((a, b) => a - b);
}
