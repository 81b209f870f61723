import type { Money } from '#kernel/money';
import type { LedgerSubject } from './subject.ts';

/** Unit of a balance without entries. */
export const DEFAULT_UNIT = 'usd';

/** Amount due on one subject in one unit; negative when more was paid than ordered. */
export interface SubjectBalance extends Money {
  subject: LedgerSubject;
}

/** Amounts due from a profile: by subject and unit, and in total by unit. */
export interface StatementBalance {
  subjects: SubjectBalance[];
  totals: Money[];
}

/** Sums amounts by unit, in alphabetical order of units. Units that sum to zero are included. */
export function sumByUnit(amounts: readonly Money[]): Money[] {
  const sums = new Map<string, number>();
  for (const { amount, unit } of amounts) sums.set(unit, (sums.get(unit) ?? 0) + amount);
  return [...sums].map(([unit, amount]) => ({ amount, unit })).toSorted((a, b) => (a.unit < b.unit ? -1 : 1));
}

/**
 * Returns the amount to show where only one unit fits: among the amounts that are not zero, if any, the one in the
 * default unit, else the first.
 */
export function selectMainAmount(amounts: readonly Money[]): Money {
  const open = amounts.filter(({ amount }) => amount !== 0);
  const candidates = open.length > 0 ? open : amounts;
  return candidates.find(({ unit }) => unit === DEFAULT_UNIT) ?? candidates[0] ?? { amount: 0, unit: DEFAULT_UNIT };
}
