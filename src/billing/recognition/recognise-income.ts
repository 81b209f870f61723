import { type NewEvent, postEvents } from '#ledger';
import type { Context } from '#platform/context';
import type { ProfileId } from '#platform/db/db-schema';
import { inTransaction, type Tx } from '#platform/db/database';
import { runAndCommit, runInOrder, together } from '#platform/db/together';
import type { WalkPlace } from '#platform/jobs/walk-rows';
import { profileLock } from '#profiles';
import { park } from '../parked/index.ts';
import { runConcurrently } from '../run-concurrently.ts';
import { type Books, BooksViolation } from './books.ts';
import { type Coverage, endedWindows, isRevived, nextWindow } from './coverage.ts';
import { type CoverageState, dueCoveragesLock, findDueNames, updatedCoverages } from './coverage-store.ts';
import { findDuePayers, dueUsesLock, recognisedUses } from './due-store.ts';
import { type CoverageNames, loadNames, lockBooks } from './load-books.ts';
import { coverageKey, incomeEntries, type RecognisedWindow, recogniseWindows } from './recognise-windows.ts';
import { findUseWindows, recogniseUses } from './recognise-uses.ts';
import { describeRecognition } from './recognition-text.ts';

/** Payers of one batch. */
const PAYERS = 100;

/** Payers whose income one process recognises at the same time: most of the time goes to the database. */
const CONCURRENCY_MAX = 4;

/** Coverages, and billed uses, of one transaction. */
const BATCH = 200;

/** How long one run may start further profiles. */
const RUN_MS = 240_000;

/**
 * Recognises the income of all windows that ended at or before `until`, several payers at a time. A profile whose
 * books break a rule is parked; any other error is logged, and the profile stays for the next run. Returns the number
 * of coverages and uses that were advanced. A run that ends early leaves its place in `place`.
 */
export async function recogniseIncome(
  ctx: Context,
  until: Date,
  place: WalkPlace<ProfileId> = { after: null },
  run_ms = RUN_MS,
): Promise<number> {
  const deadline = performance.now() + run_ms;
  let advanced_count = 0;
  for (;;) {
    const payers = await findDuePayers(ctx.db, until, { after: place.after, limit: PAYERS });
    const ids = payers.map(({ id }) => id);
    const names = ids.length === 0 ? undefined : await loadNames(ctx.db, await findDueNames(ctx.db, ids, until));
    // Payers are begun in the order of their ids, and all that were begun are finished.
    await runConcurrently(payers, CONCURRENCY_MAX, async ({ id }) => {
      if (performance.now() >= deadline) return;
      place.after = id;
      try {
        advanced_count += await recogniseProfile(ctx, id, until, names);
      } catch (error) {
        ctx.log.error({ err: error, profile_id: id }, 'income not recognised');
      }
    });
    if (performance.now() >= deadline) return advanced_count;
    if (payers.length < PAYERS) {
      place.after = null;
      return advanced_count;
    }
  }
}

/**
 * Recognises the income of one payer up to `until`, in transactions of BATCH coverages, each with its ledger events.
 * `names` may be those of many payers. Parks the profile, with the reason, if its books break a rule. Safe to run twice
 * and concurrently: the coverages advance in the transaction that posts their rows.
 *
 * Locks: the payer's profile, the coverages, the subjects of the ledger.
 */
export async function recogniseProfile(
  ctx: Context,
  payer_id: ProfileId,
  until: Date,
  names?: CoverageNames,
): Promise<number> {
  let advanced_count = 0;
  try {
    for (;;) {
      const count = await inTransaction(ctx.db, (tx) => recogniseBatch(tx, { payer_id, until, names }));
      advanced_count += count;
      if (count < BATCH) return advanced_count;
    }
  } catch (error) {
    if (!(error instanceof BooksViolation)) throw error;
    const reason = error.message;
    await inTransaction(ctx.db, (tx) =>
      park(tx, { profile_id: payer_id, job: 'recognise_income', reason }, ctx.clock.now()),
    );
    ctx.log.error({ profile_id: payer_id, reason }, 'profile parked: its books break a rule of recognition');
    return advanced_count;
  }
}

async function recogniseBatch(
  tx: Tx,
  { payer_id, until, names }: { payer_id: ProfileId; until: Date; names: CoverageNames | undefined },
): Promise<number> {
  const [, { due_coverages: coverages, due_uses: uses }] = await runInOrder(
    tx,
    profileLock(payer_id),
    together({
      due_coverages: dueCoveragesLock(payer_id, until, BATCH),
      due_uses: dueUsesLock(payer_id, until, BATCH),
    }),
  );
  if (coverages.length + uses.length === 0) return 0;
  const use_windows = await findUseWindows(tx, uses);
  const { books, nameOf } = await lockBooks(
    tx,
    [...coverages, ...use_windows].map(({ subject }) => subject),
    coverages,
    names,
  );
  const { windows, states } = advance(coverages, until, books);
  const events = windows.flatMap((window) => windowEvent(window, describeRecognition(nameOf(window.coverage), window)));
  const of_uses = await recogniseUses(tx, use_windows, books);
  await postEvents(tx, [...events, ...of_uses.events]);
  const use_ids = uses.map(({ id }) => id);
  await runAndCommit(tx, {
    updated_coverages: states.length === 0 ? null : updatedCoverages(states),
    recognised_uses: uses.length === 0 ? null : recognisedUses(use_ids, of_uses.stopped_ids),
  });
  return Math.max(coverages.length, uses.length);
}

/** Takes the income of ended windows, and returns the coverages as they are then. Changes `books`. */
function advance(
  coverages: readonly Coverage[],
  until: Date,
  books: Books,
): { windows: RecognisedWindow[]; states: CoverageState[] } {
  const recognised = new Map<string, number>();
  const ended = coverages.flatMap((coverage) =>
    endedWindows(coverage, until, books.isPaid(coverage.subject, coverage.unit, coverage.amount)),
  );
  const windows = recogniseWindows(ended, books, recognised);
  const ends = Map.groupBy(windows, ({ coverage }) => coverageKey(coverage));
  const states = coverages.map((coverage) => {
    const key = coverageKey(coverage);
    const last = ends.get(key)?.at(-1);
    return {
      ...coverage,
      recognised: recognised.get(key) ?? coverage.recognised,
      recognised_until: last?.to ?? coverage.recognised_until,
      next_window_at: nextWindow(coverage, last?.to ?? until, last !== undefined),
    };
  });
  return { windows, states };
}

function windowEvent(window: RecognisedWindow, description: string): NewEvent[] {
  if (window.amount === 0) return [];
  const { coverage, at, to, parts } = window;
  const again = isRevived(coverage) ? `:${coverage.recognised}` : '';
  const key = `recognise:${coverageKey(coverage)}:${to.toISOString()}${again}`;
  return [{ key, kind: 'recognition', at, entries: incomeEntries({ ...coverage, at }, parts, description) }];
}
