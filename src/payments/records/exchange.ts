import { allocateMoney, type Money } from '#kernel/money';
import {
  accounts,
  findEventEntries,
  type LedgerSubject,
  moveAmount,
  type NewEntry,
  postEvent,
  sumByUnit,
} from '#ledger';
import { getProcessor } from '#profiles';
import type { ProfileId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { type Charge, chargeSubject } from './charge.ts';

/** A profile that bears a part of a difference, in proportion to `amount`. */
export interface Bearer {
  profile_id: ProfileId;
  amount: number;
}

/** What a refund or a dispute moved. Units: 1/100; positive: received by Funds, negative: paid. */
export interface ExchangedMoves {
  /** Booked with the rate of the charge. */
  booked: readonly Money[];
  /** Moved by the processor, at the rates of its instants. */
  moved: readonly Money[];
}

/** True if the rate of another day matters: the funds of a charge, or what was moved later, are in another unit. */
export function isExchanged(unit: string, funds_unit: string, moved: readonly (Money | null | undefined)[]): boolean {
  return unit !== funds_unit || moved.some((money) => money && money.unit !== unit);
}

/** Returns what Funds still have to receive (positive) or pay (negative) by unit; never 0. Pure. */
export function exchangeDifferences({ booked, moved }: ExchangedMoves): Money[] {
  const sums = sumByUnit([...moved, ...booked.map(({ amount, unit }) => ({ amount: -amount, unit }))]);
  return sums.filter(({ amount }) => amount !== 0);
}

/** Makes the entries of differences, shared among the bearers by largest remainder. Pure. */
export function exchangeEntries(
  differences: readonly Money[],
  bearers: readonly Bearer[],
  more: {
    subject: LedgerSubject;
    description: string;
    processor_id: ProfileId;
    account: typeof accounts.refund | typeof accounts.chargeback;
  },
): NewEntry[] {
  const { processor_id, account, subject, description } = more;
  const weights = new Map<ProfileId, number>();
  for (const { profile_id, amount } of bearers) weights.set(profile_id, (weights.get(profile_id) ?? 0) + amount);
  const owners = [...weights.keys()];
  return differences.flatMap(({ amount, unit }) => {
    const parts = allocateMoney({ amount: Math.abs(amount), unit }, [...weights.values()]);
    return owners.flatMap((profile_id, index) => {
      const part = parts[index] ?? 0;
      if (part === 0) return [];
      const funds = { profile_id, account: accounts.funds };
      const processor = { profile_id: processor_id, account };
      const [from, to] = amount > 0 ? [processor, funds] : [funds, processor];
      return moveAmount({ from, to, amount: part, unit, subject, description });
    });
  });
}

/** Returns the key under which the difference of a booking is booked. */
export function exchangeKey(booking_key: string): string {
  return `${booking_key}:exchange`;
}

/** A difference to book, beside its booking. */
export interface Exchange extends ExchangedMoves {
  /** Key of the booking. */
  key: string;
  /** Key of the refund, the return or the dispute at the processor. */
  object: string;
  bearers: readonly Bearer[];
  account: typeof accounts.refund | typeof accounts.chargeback;
}

/**
 * Books the difference between what the processor moved and what is booked, once, so that Funds are the balance at the
 * processor. The bearers get it or pay it.
 *
 * Locks: the caller has locked the charge.
 */
export async function bookExchange(tx: Tx, charge: Charge, exchange: Exchange, at: Date): Promise<void> {
  const differences = exchangeDifferences(exchange);
  const key = exchangeKey(exchange.key);
  if (differences.length === 0 || (await findEventEntries(tx, key))) return;
  const entries = exchangeEntries(differences, exchange.bearers, {
    processor_id: (await getProcessor(tx)).id,
    account: exchange.account,
    subject: chargeSubject(charge.id),
    description: `Exchange difference for ${exchange.object}`,
  });
  await postEvent(tx, { key, kind: 'exchange', receipt_key: charge.processor_key, at, entries });
}
