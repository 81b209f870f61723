import type { NewEntry } from '#ledger';
import { earned } from '#kernel/position';
import type { Tx } from '#platform/db/database';
import { runTogether } from '#platform/db/together';
import { type Coverage, endedWindows, isTime, runningWindow } from './coverage.ts';
import { type CoverageChoice, lockCoverages, updatedCoverages } from './coverage-store.ts';
import { lockBooks } from './load-books.ts';
import { coverageKey, incomeEntries, type RecognisedWindow, recogniseWindows } from './recognise-windows.ts';
import { describeRecognition } from './recognition-text.ts';

/** A coverage that was closed: its state before, and how its amount was divided. `earned` + `unearned` = `amount`. */
export interface ClosedCoverage extends Coverage {
  earned: number;
  /** What the operation may give back, freeze or cut. */
  unearned: number;
  /** Beginning of the time that was taken from the coverage, up to its end. */
  closed_at: Date;
}

/** What closing leaves for the operation: entries to post in its ledger event before its own, and the coverages. */
export interface Closing {
  entries: NewEntry[];
  closed: ClosedCoverage[];
}

/**
 * Closes the coverages of a subscription, or of order lines, that end after `at`: recognises income up to `at`, and
 * reduces each to the time before it with the amount that it earned. One that has not begun is closed whole.
 *
 * Posts nothing: the caller posts `entries` first in the ledger event of its operation. Rows of windows that ended
 * before have their own instants, the others have `at`. The amounts `unearned` leave the coverages: the caller accounts
 * for them in the same transaction.
 *
 * Locks: the coverages, then the subjects of the ledger. The caller has locked the subscriptions.
 * @throws BooksViolation
 * @see docs/decisions/0082-recognition-of-income.md
 */
export async function closeCoverages(tx: Tx, choice: CoverageChoice, at: Date): Promise<Closing> {
  const coverages = await lockCoverages(tx, choice, at);
  return closeLocked(tx, coverages.filter(isTime), at);
}

/** Closes coverages that the caller has locked. */
export async function closeLocked(tx: Tx, coverages: readonly Coverage[], at: Date): Promise<Closing> {
  if (coverages.length === 0) return { entries: [], closed: [] };
  const { entries, recognised } = await recogniseLocked(tx, coverages, at);
  const closed = coverages.map((coverage): ClosedCoverage => {
    const part = earned(coverage.amount, coverage, at);
    const closed_at = coverage.starts_at > at ? coverage.starts_at : at;
    return { ...coverage, earned: part, unearned: coverage.amount - part, closed_at };
  });
  const states = closed.map((coverage) => ({
    ...coverage,
    amount: coverage.earned,
    ends_at: coverage.closed_at,
    recognised: recognised(coverage),
    recognised_until: coverage.closed_at,
    next_window_at: null,
  }));
  await runTogether(tx, { updated_coverages: updatedCoverages(states) });
  return { entries, closed };
}

/** Takes the income of locked coverages up to `at`: one row per subject, window and account. */
async function recogniseLocked(
  tx: Tx,
  coverages: readonly Coverage[],
  at: Date,
): Promise<{ entries: NewEntry[]; recognised: (coverage: Coverage) => number }> {
  const windows = coverages.flatMap((coverage) => {
    const running = runningWindow(coverage, at);
    return [...endedWindows(coverage, at, true), ...(running ? [running] : [])];
  });
  const sums = new Map<string, number>();
  const recognised = (coverage: Coverage) => sums.get(coverageKey(coverage)) ?? coverage.recognised;
  if (windows.length === 0) return { entries: [], recognised };
  const { books, nameOf } = await lockBooks(
    tx,
    windows.map(({ coverage }) => coverage.subject),
    coverages,
  );
  const taken = recogniseWindows(windows, books, sums);
  const described = taken.map((window) => ({ window, text: describeRecognition(nameOf(window.coverage), window) }));
  // Seats that were added in a window have a shorter one: the row has the text of the first.
  const groups = Map.groupBy(described, ({ window }) => JSON.stringify([window.coverage.subject, window.at]));
  const entries = [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const { coverage, at: row_at } = first.window;
    return incomeEntries({ ...coverage, at: row_at }, sumParts(group.map(({ window }) => window)), first.text);
  });
  return { entries, recognised };
}

/** Adds up the parts of windows by account and unit. */
function sumParts(windows: readonly RecognisedWindow[]): RecognisedWindow['parts'] {
  const groups = Map.groupBy(
    windows.flatMap(({ parts }) => parts),
    ({ account, unit }) => `${account} ${unit}`,
  );
  return [...groups.values()].flatMap(([first, ...others]) =>
    first ? [others.reduce((sum, { amount }) => ({ ...sum, amount: sum.amount + amount }), first)] : [],
  );
}
