import type { Reader } from '#platform/db/database';
import { mergeReads } from '#platform/db/merge-reads';
import { findDueRenewals } from '#subscriptions';
import type { RenewalConfig } from './renewal-config.ts';
import {
  chargeOwing,
  chargePayers,
  chargeUnreached,
  type DunningContext,
  findWaiting,
  noteOutcomes,
  reviewCases,
} from '../dunning/index.ts';
import { renewalSpan } from './renewal.ts';
import { type RenewalReport, renewDue } from './renew-due.ts';

/** How long one run may begin further work; below the timeout of the job. */
const RUN_MS = 50 * 60_000;

/**
 * One run of everything that time makes of subscriptions, in the order of its effects: outcomes of earlier charges,
 * ends of the grace and retries, renewals with their charges, then what is due otherwise. Every row has the instant
 * `at`, in whole seconds. A run that ends early leaves the rest to the next one.
 * @see docs/decisions/0085-renewals-and-dunning.md
 */
export async function runRenewals(
  ctx: DunningContext,
  { renewal_lapse_days: lapse_days }: Pick<RenewalConfig, 'renewal_lapse_days'>,
  given_at: Date,
): Promise<RenewalReport> {
  const deadline = performance.now() + RUN_MS;
  const run = {
    at: new Date(Math.floor(given_at.getTime() / 1000) * 1000),
    isOver: () => performance.now() >= deadline,
  };
  if (await isIdle(ctx.db, run.at, lapse_days))
    return { renewals_count: 0, charges_count: 0, failures_count: 0, owing: [] };
  await noteOutcomes(ctx);
  await reviewCases(ctx, run);
  const report = await renewDue(ctx, { ...run, lapse_days });
  await chargePayers(ctx, report.owing, run);
  await chargeUnreached(ctx, run);
  await chargeOwing(ctx, run);
  await noteOutcomes(ctx);
  const { renewals_count, charges_count, failures_count } = report;
  if (renewals_count + failures_count > 0)
    ctx.log.info({ renewals_count, charges_count, failures_count }, 'subscriptions renewed');
  return report;
}

/**
 * True if a run at an instant finds nothing to do. One statement with the first row of each list that the run walks:
 * most hours of a small site have no work, and a clock that is moved over a year runs each of its hours.
 */
async function isIdle(reader: Reader, at: Date, lapse_days: number): Promise<boolean> {
  const span = renewalSpan(at, lapse_days);
  const found = await mergeReads(reader, [
    (merged) => findDueRenewals(merged, span, { after: null, limit: 1 }),
    ...findWaiting(at),
  ]);
  return found.every((rows) => rows.length === 0);
}
