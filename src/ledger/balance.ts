import type { Money } from '#kernel/money';
import type { LedgerSubject } from './subject.ts';

/** The unit of a balance to which nothing was ever posted. */
export const DEFAULT_UNIT = 'usd';

/** What is owed on one subject, in one unit; positive means due. */
export interface SubjectBalance extends Money {
  subject: LedgerSubject;
}

/** What a profile owes: by subject and unit, and in total by unit. */
export interface StatementBalance {
  subjects: SubjectBalance[];
  totals: Money[];
}

/** Adds amounts up by unit, units in alphabetical order; units that sum to zero are left in. */
export function sumByUnit(amounts: readonly Money[]): Money[] {
  const sums = new Map<string, number>();
  for (const { amount, unit } of amounts) sums.set(unit, (sums.get(unit) ?? 0) + amount);
  return [...sums].map(([unit, amount]) => ({ amount, unit })).toSorted((a, b) => (a.unit < b.unit ? -1 : 1));
}

/**
 * Picks the amount to show where one figure must stand for several units: the only one that is not zero, else the default
 * unit's, else the first.
 */
export function mainAmount(amounts: readonly Money[]): Money {
  const open = amounts.filter(({ amount }) => amount !== 0);
  const candidates = open.length > 0 ? open : amounts;
  return candidates.find(({ unit }) => unit === DEFAULT_UNIT) ?? candidates[0] ?? { amount: 0, unit: DEFAULT_UNIT };
}
