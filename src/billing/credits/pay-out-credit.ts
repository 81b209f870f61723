import { formatMoney } from '#kernel/money';
import { invalidInput } from '#kernel/problem';
import { actorId } from '#platform/actor-id';
import type { ChargeItemId, CreditId, OrderLineId, ProfileId } from '#platform/db/db-schema';
import { inTransaction, type Reader } from '#platform/db/database';
import {
  type ChargedPart,
  findChargedParts,
  type PaymentContext,
  type RefundPart,
  reservePayout,
  sendRefund,
} from '#payments';
import { lockProfile } from '#profiles';
import { billingProblems } from '../problems.ts';
import { findLot, findUsesOfLines, holdPayout, lockLot } from './credit-store.ts';
import type { Lot } from './lot.ts';
import { findLinesWithCredit, findSourceLines } from './noted-line-store.ts';

export interface Payout {
  /** The holder. */
  profile_id: ProfileId;
  /** Providers whose lots the caller may pay out; null for all. */
  sellers: readonly ProfileId[] | null;
  credit_id: CreditId;
  /** In 1/100 of the unit of the lot; all that is left when null. */
  amount: number | null;
  /** What was left of the lot when the caller decided; omitted: any. */
  balance?: number;
}

/**
 * Pays credit out to the cards that paid its source: refunds of the charge lines of the source order, then of the
 * sources of the lots that paid that order. Returns a sentence for the caller.
 *
 * The refunds are recorded with the credit that they hold, then sent; a job finishes those without a response. A refund
 * that the processor refuses returns its part to the lot.
 * Locks: the holder's profile, the lot, then the charges by id and their providers.
 * @throws credit_unknown (404), invalid_input (400) naming `amount`, credit_not_refundable,
 *   balance_changed (409); refund_exceeds_funds, refund_in_flight, charge_not_refundable (405); refund_refused (400), processor_unreachable (503)
 * @see docs/decisions/0083-credit-of-subscribers.md
 */
export async function payOutCredit(ctx: PaymentContext, payout: Payout): Promise<string> {
  const reserved = await inTransaction(ctx.db, async (tx) => {
    const at = ctx.clock.now();
    await lockProfile(tx, payout.profile_id);
    const lot = await lockLot(tx, payout.credit_id);
    if (!lot || !isSeen(lot, payout)) throw billingProblems.credit_unknown();
    if (payout.balance !== undefined && payout.balance !== lot.balance) throw billingProblems.balance_changed();
    const parts = await planPayout(tx, lot, readAmount(lot, payout.amount));
    const refunds = await reservePayout(tx, parts, { processors: ctx.processors, created_by: actorId(ctx), at });
    await holdPayout(
      tx,
      lot.id,
      refunds.map(({ refund }) => ({ refund_id: refund.id, amount: refund.amount })),
      at,
    );
    return refunds;
  });
  const sentences: string[] = [];
  for (const { charge, refund } of reserved) sentences.push(await sendRefund(ctx, charge, refund, { is_retry: false }));
  return sentences.join(' ');
}

function isSeen(lot: Lot, { profile_id, sellers }: Pick<Payout, 'profile_id' | 'sellers'>): boolean {
  return lot.profile_id === profile_id && (sellers === null || sellers.includes(lot.provider_id));
}

/**
 * Finds a lot that the caller may pay out.
 * @throws credit_unknown (404)
 */
export async function getLot(
  reader: Reader,
  { profile_id, sellers, credit_id }: Omit<Payout, 'amount' | 'balance'>,
): Promise<Lot> {
  const lot = await findLot(reader, profile_id, credit_id);
  if (!lot || !isSeen(lot, { profile_id, sellers })) throw billingProblems.credit_unknown();
  return lot;
}

/** @throws invalid_input (400) naming `amount` */
function readAmount({ balance, unit }: Lot, wanted: number | null): number {
  const amount = wanted ?? balance;
  if (amount >= 1 && amount <= balance) return amount;
  throw invalidInput({ amount: [`The credit has ${formatMoney({ amount: balance, unit })} left.`] });
}

/**
 * Returns the charge lines that a payout goes to: the oldest first.
 * @throws credit_not_refundable (409) if cards did not pay as much
 */
export async function planPayout(reader: Reader, lot: Lot, amount: number): Promise<RefundPart[]> {
  if (!lot.is_refundable || lot.source_line_id === null) throw billingProblems.credit_not_refundable();
  const taken = new Map<ChargeItemId, { part: ChargedPart; amount: number }>();
  const left = await takeFrom(reader, lot.source_line_id, amount, taken);
  if (left > 0) {
    const payable = formatMoney({ amount: amount - left, unit: lot.unit });
    throw billingProblems.credit_not_refundable({
      detail: `Only ${payable} of this credit can be paid out to a card.`,
    });
  }
  return [...taken.values()].map(({ part, amount: part_amount }) => ({
    charge_id: part.charge_id,
    num: part.num,
    amount: part_amount,
  }));
}

/** Takes an amount from the charge lines of a source, then from the sources of its credit. Returns what is missing. */
async function takeFrom(
  reader: Reader,
  line_id: OrderLineId,
  amount: number,
  taken: Map<ChargeItemId, { part: ChargedPart; amount: number }>,
): Promise<number> {
  const line = (await findSourceLines(reader, [line_id])).get(line_id);
  if (!line) return amount;
  let left = amount;
  for (const part of await findChargedParts(reader, [line.ledger_entry_id])) {
    const before = taken.get(part.charge_item_id)?.amount ?? 0;
    const rest = part.state === 'done' ? part.amount - part.refunded - part.paid_out - before : 0;
    const own = Math.min(left, Math.max(0, rest));
    left -= own;
    if (own > 0) taken.set(part.charge_item_id, { part, amount: before + own });
  }
  if (left === 0) return 0;
  const line_ids = (await findLinesWithCredit(reader, [line.ledger_entry_id])).get(line.ledger_entry_id) ?? [];
  for (const { lot, amount: used, returned } of await findUsesOfLines(reader, line_ids)) {
    // A lot is older than the orders that it pays, so that the way ends.
    if (!lot.is_refundable || lot.source_line_id === null || left === 0) continue;
    const wanted = Math.min(left, used - returned);
    left -= wanted - (await takeFrom(reader, lot.source_line_id, wanted, taken));
  }
  return left;
}
