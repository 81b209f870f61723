import type { Insertable, Selectable } from 'kysely';
import type { DunningCaseId, PauseId, PausesTable, PlanId, ProfileId, SubscriptionId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import { fragment } from '#platform/db/fragment';
import { type Part, readRows } from '#platform/db/together';

/**
 * Time in which a subscription stands still. `planned` until `starts_at`, then `running` until it is resumed; `pause`
 * is asked for, `suspension` follows unpaid time.
 */
export type Pause = Selectable<PausesTable>;

export async function insertPause(tx: Tx, row: Insertable<PausesTable>): Promise<Pause> {
  return tx.insertInto('pauses').values(row).returningAll().executeTakeFirstOrThrow();
}

export async function updatePause(
  tx: Tx,
  id: PauseId,
  change: Partial<Pick<Pause, 'state' | 'starts_at' | 'resumes_at' | 'resumed_at' | 'rest_ms'>>,
): Promise<Pause> {
  return tx.updateTable('pauses').set(change).where('id', '=', id).returningAll().executeTakeFirstOrThrow();
}

/** Finds the planned or running pause of a subscription. Index: pauses_open. */
export async function findOpenPause(reader: Reader, subscription_id: SubscriptionId): Promise<Pause | undefined> {
  return reader
    .selectFrom('pauses')
    .selectAll()
    .where('subscription_id', '=', subscription_id)
    .where('state', 'in', ['planned', 'running'])
    .executeTakeFirst();
}

/** Finds the planned and running pauses of subscriptions, one statement. Index: pauses_open. */
export async function findOpenPauses(
  reader: Reader,
  ids: readonly SubscriptionId[],
): Promise<Map<SubscriptionId, Pause>> {
  if (ids.length === 0) return new Map();
  const rows = await reader
    .selectFrom('pauses')
    .selectAll()
    .where('subscription_id', 'in', [...new Set(ids)])
    .where('state', 'in', ['planned', 'running'])
    .execute();
  return new Map(rows.map((row) => [row.subscription_id, row]));
}

/**
 * Finds the subscriptions of a profile, and those to plans, whose pause or suspension is planned or running. Indexes:
 * subscriptions_profile_id, subscriptions_plan_id, pauses_open.
 */
export async function findStopped(
  reader: Reader,
  { profile_id, plan_ids }: { profile_id: ProfileId; plan_ids: readonly PlanId[] },
): Promise<SubscriptionId[]> {
  const rows = await reader
    .selectFrom('pauses')
    .innerJoin('subscriptions', 'subscriptions.id', 'pauses.subscription_id')
    .select('subscriptions.id')
    .where('pauses.state', 'in', ['planned', 'running'])
    .where((eb) =>
      eb.or([
        eb('subscriptions.profile_id', '=', profile_id),
        eb('subscriptions.plan_id', '=', eb.fn.any(eb.val([...plan_ids]))),
      ]),
    )
    .orderBy('subscriptions.id')
    .execute();
  return rows.map(({ id }) => id);
}

/** Finds the subscriptions that a dunning case suspended and that are not resumed. Index: pauses_dunning_case_id. */
export async function findSuspendedBy(reader: Reader, dunning_case_id: DunningCaseId): Promise<SubscriptionId[]> {
  const rows = await reader
    .selectFrom('pauses')
    .select('subscription_id')
    .where('dunning_case_id', '=', dunning_case_id)
    .where('state', '=', 'running')
    .orderBy('subscription_id')
    .execute();
  return rows.map(({ subscription_id }) => subscription_id);
}

/**
 * Part that finds pauses and suspensions that began, of a profile on plans, newest first. Index:
 * pauses_subscription_id.
 */
export function pausesOf(profile_id: ProfileId, plan_ids: readonly PlanId[], rows_max: number): Part<HeldPause[]> {
  return {
    query: fragment`select pauses.subscription_id, pauses.kind, pauses.starts_at, pauses.resumed_at
      from pauses join subscriptions on subscriptions.id = pauses.subscription_id
      where subscriptions.profile_id = ${profile_id} and subscriptions.plan_id = any(${[...plan_ids]}::bigint[])
        and pauses.state in ('running', 'ended')
      order by pauses.starts_at desc, pauses.id desc limit ${rows_max}`,
    read: (rows) => readRows<HeldPause>(rows, ['starts_at', 'resumed_at']),
  };
}

/** A pause or suspension that began. */
export type HeldPause = Pick<Pause, 'subscription_id' | 'kind' | 'starts_at' | 'resumed_at'>;

/** True if a pause of the subscription was running at or after an instant. Index: pauses_subscription_id. */
export async function wasPausedSince(reader: Reader, subscription_id: SubscriptionId, since: Date): Promise<boolean> {
  const row = await reader
    .selectFrom('pauses')
    .select('id')
    .where('subscription_id', '=', subscription_id)
    .where('kind', '=', 'pause')
    .where('state', 'in', ['running', 'ended'])
    .where((eb) => eb.or([eb('resumed_at', 'is', null), eb('resumed_at', '>', since)]))
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

interface Batch {
  after: PauseId | null;
  limit: number;
}

/** Selects planned pauses that begin at or before an instant, by id. Index: pauses_due. */
export async function findDuePauses(reader: Reader, at: Date, { after, limit }: Batch): Promise<Pause[]> {
  let query = reader.selectFrom('pauses').selectAll().where('state', '=', 'planned').where('starts_at', '<=', at);
  if (after !== null) query = query.where('id', '>', after);
  return query.orderBy('id').limit(limit).execute();
}

/** Selects running pauses that end at or before an instant, by id. Index: subscriptions_resumes_at. */
export async function findDueResumptions(reader: Reader, at: Date, { after, limit }: Batch): Promise<Pause[]> {
  let query = reader
    .selectFrom('subscriptions')
    .innerJoin('pauses', 'pauses.subscription_id', 'subscriptions.id')
    .selectAll('pauses')
    .where('subscriptions.paused_at', 'is not', null)
    .where('subscriptions.resumes_at', '<=', at)
    .where('pauses.state', '=', 'running')
    .where('pauses.kind', '=', 'pause');
  if (after !== null) query = query.where('pauses.id', '>', after);
  return query.orderBy('pauses.id').limit(limit).execute();
}
