import { accounts, moveAmount, type NewEntry } from '#ledger';
import type { Books, IncomePart } from './books.ts';
import { type Coverage, earnedBy, type EarningWindow } from './coverage.ts';

/** A window with the income that was taken for it; less than was earned if the debt was written off. */
export interface RecognisedWindow extends EarningWindow {
  amount: number;
  parts: IncomePart[];
}

/** Returns the key of a coverage in maps. */
export function coverageKey({ order_line_id, rank }: Pick<Coverage, 'order_line_id' | 'rank'>): string {
  return `${order_line_id}.${rank}`;
}

/**
 * Takes the income of windows in the order of their ends. `recognised` has what was recognised of each coverage before,
 * and is advanced. Changes `books`.
 * @throws BooksViolation
 */
export function recogniseWindows(
  windows: readonly EarningWindow[],
  books: Books,
  recognised: Map<string, number>,
): RecognisedWindow[] {
  return inOrder(windows).map((window) => {
    const { coverage } = window;
    const key = coverageKey(coverage);
    const before = recognised.get(key) ?? coverage.recognised;
    const earned = Math.max(0, earnedBy(coverage, window) - before);
    const { parts, amount } = books.take(coverage.subject, coverage.unit, earned);
    recognised.set(key, before + amount);
    return { ...window, amount, parts };
  });
}

function inOrder(windows: readonly EarningWindow[]): EarningWindow[] {
  return windows.toSorted(
    (a, b) =>
      a.to.getTime() - b.to.getTime() ||
      a.coverage.order_line_id - b.coverage.order_line_id ||
      a.coverage.rank - b.coverage.rank,
  );
}

/** Makes the entries of recognised income: Income to Backlog, and to Receivable for what is not paid. */
export function incomeEntries(
  { provider_id, subject, at }: Pick<Coverage, 'provider_id' | 'subject'> & { at: Date },
  parts: readonly IncomePart[],
  description: string,
): NewEntry[] {
  return parts.map(({ account, amount, unit }) =>
    moveAmount({
      from: { profile_id: provider_id, account: accounts.income },
      to: { profile_id: provider_id, account: account === 'Backlog' ? accounts.backlog : accounts.receivable },
      amount,
      unit,
      subject,
      description,
      created_at: at,
    }),
  );
}
