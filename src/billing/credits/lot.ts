import type { Selectable } from 'kysely';
import { fromSubjectColumns } from '#ledger';
import type { CreditId, CreditsTable, CreditUsesTable, ProfileId } from '#platform/db/db-schema';
import { isSeatSubject, type NewOrderLine } from '../records/index.ts';

/** Money that a provider owes the holder in future service. The id is its number. */
export type Lot = Selectable<CreditsTable>;

/** Part of a lot that an order uses, or that is paid out. */
export type CreditUse = Selectable<CreditUsesTable>;

/** A lot as far as its use depends on it. `balance` is what may still be used. */
export type OpenLot = Pick<Lot, 'id' | 'provider_id' | 'unit' | 'balance' | 'is_refundable' | 'created_at'>;

/** What credit may pay of one line of an order. */
export interface CreditLine {
  rank: number;
  provider_id: ProfileId;
  unit: string;
  /** ≥ 0 */
  amount: number;
}

/** Part of a lot that pays part of a line; amount > 0. */
export interface PlannedUse {
  credit_id: CreditId;
  rank: number;
  amount: number;
}

/** Sorts lots as orders use them: those that cannot be paid out first, then the oldest. */
export function sortLots<T extends Pick<OpenLot, 'id' | 'is_refundable' | 'created_at'>>(lots: readonly T[]): T[] {
  return lots.toSorted(
    (a, b) =>
      Number(a.is_refundable) - Number(b.is_refundable) ||
      a.created_at.getTime() - b.created_at.getTime() ||
      a.id - b.id,
  );
}

/**
 * Returns what lots pay of lines: lines in order, for each the lots in the order of `sortLots`, each up to its balance.
 * A lot pays lines of its provider in its unit only. Pure.
 * @see docs/decisions/0083-credit-of-subscribers.md
 */
export function planUses(lots: readonly OpenLot[], lines: readonly CreditLine[]): PlannedUse[] {
  const open = sortLots(lots).map((lot) => ({ ...lot }));
  return lines.flatMap(({ rank, provider_id, unit, amount }) => {
    let left = amount;
    return open.flatMap((lot): PlannedUse[] => {
      if (lot.provider_id !== provider_id || lot.unit !== unit) return [];
      const used = Math.min(left, lot.balance);
      if (used <= 0) return [];
      lot.balance -= used;
      left -= used;
      return [{ credit_id: lot.id, rank, amount: used }];
    });
  });
}

/** Adds up uses by line. */
export function sumUsesByRank(uses: readonly Pick<PlannedUse, 'rank' | 'amount'>[]): Map<number, number> {
  const sums = new Map<number, number>();
  for (const { rank, amount } of uses) sums.set(rank, (sums.get(rank) ?? 0) + amount);
  return sums;
}

type LineFacts = Pick<
  NewOrderLine,
  | 'rank'
  | 'provider_id'
  | 'unit'
  | 'amount'
  | 'beneficiary_id'
  | 'claim_email'
  | 'subject_kind'
  | 'subject_id'
  | 'subject_part'
>;

/** Returns the lines of an order that credit of the payer may pay: not gifts, and not seats for others. Pure. */
export function creditLinesOf(payer_id: ProfileId, lines: readonly LineFacts[]): CreditLine[] {
  return lines.flatMap((line) => {
    const { rank, provider_id, unit, amount, beneficiary_id, claim_email } = line;
    const isOwn = beneficiary_id === payer_id && claim_email === null && !isSeatSubject(fromSubjectColumns(line));
    return isOwn && amount > 0 ? [{ rank, provider_id, unit, amount }] : [];
  });
}
