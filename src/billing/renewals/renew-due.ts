import { inTransaction, isUniqueViolation } from '#platform/db/database';
import type { ProfileId, SubscriptionId } from '#platform/db/db-schema';
import { findProfilesByIds } from '#profiles';
import { findDueRenewals, findSubscriptionsByIds, type RenewalPlace } from '#subscriptions';
import { type DunningContext, collectReserved } from '../dunning/index.ts';
import { park } from '../parked/index.ts';
import { runConcurrently } from '../run-concurrently.ts';
import { renewalSpan } from './renewal.ts';
import { findOrderedAhead, findPayers } from './renewal-store.ts';
import { type RenewedPayer, RenewalRefused, renewPayer } from './renew-payer.ts';

/** Subscriptions that one batch reads. */
const BATCH = 500;

/** Payers that one process renews at the same time: most of the time goes to the processor. */
const CONCURRENCY_MAX = 8;

export interface RenewalRun {
  at: Date;
  lapse_days: number;
  /** True when a run has to stop; the rest is left to the next one. */
  isOver(): boolean;
}

export interface RenewalReport {
  renewals_count: number;
  charges_count: number;
  failures_count: number;
  /** Payers who may owe something that their renewal did not charge. */
  owing: ProfileId[];
}

/**
 * Renews every subscription that is due, payer by payer, and charges what a payer owes for it. Reads the subscriptions
 * in batches by their end; a renewed one leaves the list. The error of one payer is logged and does not stop the
 * others; a payer whose renewal needs a person is parked. Safe on two nodes and when it is repeated, because each payer
 * is locked and checked again.
 */
export async function renewDue(ctx: DunningContext, { at, lapse_days, isOver }: RenewalRun): Promise<RenewalReport> {
  const report: RenewalReport = { renewals_count: 0, charges_count: 0, failures_count: 0, owing: [] };
  const seen = new Set<SubscriptionId>();
  let after: RenewalPlace | null = null;
  while (!isOver()) {
    const rows: Awaited<ReturnType<typeof findDueRenewals>> = await findDueRenewals(
      ctx.db,
      renewalSpan(at, lapse_days),
      {
        after,
        limit: BATCH,
      },
    );
    const last = rows.at(-1);
    if (!last) break;
    after = last;
    // A subscription whose renewal is due again was renewed as far as this run may.
    const fresh = rows.filter(({ id }) => !seen.has(id));
    for (const { id } of fresh) seen.add(id);
    const payers = await groupByPayer(ctx, fresh);
    await runConcurrently([...payers], CONCURRENCY_MAX, async ([payer_id, ids]) => {
      if (isOver()) return;
      try {
        await renewOne(ctx, payer_id, ids, { at, lapse_days }, report);
      } catch (error) {
        report.failures_count += 1;
        ctx.log.error({ err: error, profile_id: payer_id }, 'subscriptions not renewed');
        if (error instanceof RenewalRefused) await parkPayer(ctx, payer_id, error.message);
      }
    });
  }
  return report;
}

/** A payer whose renewal needs a person is listed for the broker, and not tried again each hour. */
async function parkPayer(ctx: DunningContext, profile_id: ProfileId, reason: string): Promise<void> {
  await inTransaction(ctx.db, (tx) => park(tx, { profile_id, job: 'renew_subscriptions', reason }, ctx.clock.now()));
}

async function renewOne(
  ctx: DunningContext,
  payer_id: ProfileId,
  ids: readonly SubscriptionId[],
  run: { at: Date; lapse_days: number },
  report: RenewalReport,
): Promise<void> {
  const { renewals_count, reserved, has_more } = await renewUnordered(ctx, payer_id, ids, run, report);
  report.renewals_count += renewals_count;
  if (has_more) report.owing.push(payer_id);
  if (!reserved) return;
  report.charges_count += 1;
  await collectReserved(ctx, reserved, run.at);
}

/**
 * Renews the subscriptions of a payer. One whose end was set back before a period that is ordered already is left out
 * when the unique index refuses to sell that period again, so that it does not keep the others of its payer back. A
 * person decides what becomes of it: its end after the paid time, or another one.
 */
async function renewUnordered(
  ctx: DunningContext,
  payer_id: ProfileId,
  ids: readonly SubscriptionId[],
  run: { at: Date; lapse_days: number },
  report: RenewalReport,
): Promise<RenewedPayer> {
  try {
    return await renewPayer(ctx, payer_id, ids, run);
  } catch (error) {
    if (!isUniqueViolation(error, 'order_lines_renewal')) throw error;
    const subscriptions = await findSubscriptionsByIds(ctx.db, ids);
    const ordered = await findOrderedAhead(ctx.db, [...subscriptions.values()], renewalSpan(run.at, 0).until);
    if (ordered.size === 0) throw error;
    report.failures_count += 1;
    ctx.log.error(
      { err: error, profile_id: payer_id, subscription_ids: [...ordered] },
      'subscriptions not renewed: their end was set back before an ordered period; set it after that period',
    );
    return renewPayer(
      ctx,
      payer_id,
      ids.filter((id) => !ordered.has(id)),
      run,
    );
  }
}

/** Groups subscriptions by payer: that of the newest period, or the subscriber when that profile was archived. */
async function groupByPayer(
  ctx: DunningContext,
  rows: readonly { id: SubscriptionId; profile_id: ProfileId }[],
): Promise<Map<ProfileId, SubscriptionId[]>> {
  const payers = await findPayers(
    ctx.db,
    rows.map(({ id }) => id),
  );
  const profiles = await findProfilesByIds(ctx.db, [...new Set(payers.values())]);
  const groups = new Map<ProfileId, SubscriptionId[]>();
  for (const { id, profile_id } of rows) {
    const payer_id = payers.get(id);
    const pays = payer_id !== undefined && profiles.get(payer_id)?.is_active === true ? payer_id : profile_id;
    groups.set(pays, [...(groups.get(pays) ?? []), id]);
  }
  return groups;
}
