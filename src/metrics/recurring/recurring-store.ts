import { type RawBuilder, sql } from 'kysely';
import type { Reader } from '#platform/db/database';
import type { OrderLineId, ProfileId } from '#platform/db/db-schema';

/** Kinds of changes of the recurring revenue of a subscriber. */
export const movement_kinds = ['new', 'expansion', 'contraction', 'churn', 'reactivation'] as const;
export type MovementKind = (typeof movement_kinds)[number];

/** Sums of movements before each bound, in 1/100 of the unit. */
export interface RecurringSums {
  all: Record<MovementKind, number[]>;
  /** Those by the cause `pause` alone. */
  paused: Record<MovementKind, number[]>;
}

interface SumRow {
  kind: MovementKind;
  is_pause: boolean;
  position: number;
  is_only: boolean;
  amount: number;
  movements_count: number;
}

/** Subscribers of a provider whose movements are stale (`recurring_changes`). */
const stale = (provider_id: ProfileId) => sql`stale as materialized (
    select distinct coalesce(change.profile_id, subscription.profile_id) as profile_id
    from recurring_changes change join subscriptions subscription on subscription.id = change.subscription_id
      join plans plan on plan.id = subscription.plan_id
    where plan.profile_id = ${provider_id}
  ), computed as materialized (
    select movement.* from (
      select array_agg(${provider_id}::bigint) as provider_ids, array_agg(profile_id) as profile_ids from stale having count(*) > 0
    ) pair cross join lateral recurring_movement_rows(pair.provider_ids, pair.profile_ids) as movement
  )`;

/**
 * Sums the movements of a provider before each bound. Bounds ascend. Stored movements of stale subscribers are
 * subtracted, and their computed ones added.
 */
export async function sumMovements(
  reader: Reader,
  provider_id: ProfileId,
  unit: string,
  bounds: readonly Date[],
): Promise<RecurringSums> {
  const { rows } = await selectSums(provider_id, unit, bounds).execute(reader);
  const sums: RecurringSums = { all: emptySums(bounds), paused: emptySums(bounds) };
  for (const { kind, is_pause, position, is_only, amount } of rows) {
    const end = is_only ? position + 1 : bounds.length;
    for (const of of is_pause ? [sums.all, sums.paused] : [sums.all])
      for (let index = position; index < end; index += 1) of[kind][index] = (of[kind][index] ?? 0) + amount;
  }
  return sums;
}

/** Number and sum of the movements of kinds in a time. */
export interface MovementTotal {
  amount: number;
  movements_count: number;
}

/** Selects the total of movements from `start_at` (null: since the beginning) to `ends_at`. */
export function selectMovementTotal({
  provider_id,
  unit,
  kinds,
  with_pauses,
  start_at,
  ends_at,
}: {
  provider_id: ProfileId;
  unit: string;
  kinds: readonly MovementKind[];
  with_pauses: boolean;
  start_at: Date | null;
  ends_at: Date;
}): RawBuilder<MovementTotal> {
  const sums = selectSums(provider_id, unit, start_at === null ? [ends_at] : [start_at, ends_at]);
  // What is before the last bound less what is before the first.
  const sign =
    start_at === null
      ? sql`case when position = 0 then 1 else 0 end`
      : sql`case when position = 1 then 1 when position = 0 and is_only then -1 else 0 end`;
  return sql<MovementTotal>`select coalesce(sum(amount * (${sign})), 0)::bigint as amount,
      coalesce(sum(movements_count * (${sign})), 0)::bigint as movements_count
    from (${sums}) as total where kind = any(${[...kinds]}::text[]) and (${with_pauses} or not is_pause)`;
}

/** Selects what movements add to each bound, and to those after it unless `is_only`. */
function selectSums(provider_id: ProfileId, unit: string, bounds: readonly Date[]): RawBuilder<SumRow> {
  const instants = sql`${bounds.map((bound) => bound.toISOString())}::timestamptz[]`;
  const own = sql`provider_id = ${provider_id} and unit = ${unit}`;
  // Indexes: recurring_days_pkey, recurring_movements_at, recurring_movements_pkey.
  return sql<SumRow>`
    with ${stale(provider_id)}, bound as materialized (
      select at as bound_at, position - 1 as position, (at at time zone 'UTC')::date as day, date_trunc('day', at, 'UTC') as day_start
      from unnest(${instants}) with ordinality as given (at, position)
    ), thresholds as materialized (select array_agg(day order by position) as days from bound
    ), part as (
      select kind, is_pause, width_bucket(recurring_days.day, days) as position, false as is_only, amount, movements_count
      from recurring_days cross join thresholds where ${own}
      union all
      select kind, cause = 'pause', position, true, amount, 1 from bound cross join lateral (
        select kind, cause, amount from recurring_movements where ${own} and at >= day_start and at < bound_at offset 0) started
      union all
      select kind, cause = 'pause', width_bucket(at, ${instants}), false, -amount, -1 from recurring_movements
      where ${own} and profile_id in (select profile_id from stale)
      union all
      select kind, cause = 'pause', width_bucket(at, ${instants}), false, amount, 1 from computed where unit = ${unit}
    )
    select kind, is_pause, position::integer as position, is_only, sum(amount)::bigint as amount,
      sum(movements_count)::bigint as movements_count
    from part group by 1, 2, 3, 4`;
}

/** Sums the recurring revenue of a provider before an instant, by unit; stale subscribers are computed, as above. */
export async function sumRevenue(
  reader: Reader,
  provider_id: ProfileId,
  at: Date,
): Promise<{ unit: string; amount: number }[]> {
  // Indexes: recurring_days_pkey, recurring_movements_at, recurring_movements_pkey.
  const { rows } = await sql<{ unit: string; amount: number }>`
    with ${stale(provider_id)}
    select unit, sum(amount)::bigint as amount from (
      select unit, amount from recurring_days
      where provider_id = ${provider_id} and day < (${at}::timestamptz at time zone 'UTC')::date
      union all
      select unit, amount from recurring_movements
      where provider_id = ${provider_id} and at >= date_trunc('day', ${at}::timestamptz, 'UTC') and at < ${at}
      union all
      select unit, -amount from recurring_movements
      where provider_id = ${provider_id} and at < ${at} and profile_id in (select profile_id from stale)
      union all
      select unit, amount from computed where at < ${at}
    ) as part group by unit order by unit`.execute(reader);
  return rows;
}

function emptySums(bounds: readonly Date[]): Record<MovementKind, number[]> {
  const zeros = () => bounds.map(() => 0);
  return { new: zeros(), expansion: zeros(), contraction: zeros(), churn: zeros(), reactivation: zeros() };
}

/** A change of the recurring revenue of a subscriber. */
export interface Movement {
  profile_id: ProfileId;
  unit: string;
  at: Date;
  kind: MovementKind;
  cause: string;
  /** After less before, in 1/100 of the unit. */
  amount: number;
  after_amount: number;
  order_line_ids: OrderLineId[];
  /** Instant of the first movement of the subscriber in the unit. */
  began_at: Date;
}

/**
 * Selects the movements of a provider that match a condition on their columns, those of stale subscribers computed.
 * `cut` orders and limits both parts.
 */
export function selectMovements(
  provider_id: ProfileId,
  condition: RawBuilder<unknown>,
  cut = sql``,
): RawBuilder<Movement> {
  const columns = sql`profile_id, unit, at, kind, cause, amount, after_amount, order_line_ids, began_at`;
  return sql<Movement>`(
    with ${stale(provider_id)}
    (select ${columns} from recurring_movements
      where provider_id = ${provider_id} and profile_id not in (select profile_id from stale) and ${condition} ${cut})
    union all
    (select ${columns} from computed where ${condition} ${cut})
  )`;
}

/** Subscribers of a cohort at a bound. */
export interface CohortCell {
  /** Index of the period in which the subscribers began to pay, from 1. */
  cohort: number;
  /** Number of the bound, from 1. */
  position: number;
  profiles_count: number;
  amount: number;
}

/**
 * Counts the subscribers that began in each period and have recurring revenue before each later bound, with that
 * revenue. Subscribers that began before the first bound are not counted.
 *
 * Whole days are read from `recurring_cohorts`. Movements of a day in which a bound lies, or of subscribers that began
 * on one, are read each; those of stale subscribers are replaced by their computed ones.
 */
export async function countCohorts(
  reader: Reader,
  provider_id: ProfileId,
  unit: string,
  bounds: readonly Date[],
): Promise<CohortCell[]> {
  const instants = sql`${bounds.map((bound) => bound.toISOString())}::timestamptz[]`;
  const own = sql`provider_id = ${provider_id} and unit = ${unit}`;
  const from = sql`${bounds[0]}::timestamptz`;
  const until = sql`${bounds.at(-1)}::timestamptz`;
  const start = (day: string) => sql`(${sql.ref(day)}::timestamp at time zone 'UTC')`;
  const delta = sql`began_at, at, recurring_profiles(kind) as profiles, amount`;
  const isSplit = (instant: string) => sql`(${sql.ref(instant)} at time zone 'UTC')::date in (select day from split)`;
  // Indexes: recurring_cohorts_pkey, recurring_movements_at, recurring_movements_began_at, recurring_movements_pkey.
  const { rows } = await sql<CohortCell>`
    with ${stale(provider_id)}, split as materialized (
      select distinct (at at time zone 'UTC')::date as day from unnest(${instants}) as given (at)
      where at <> date_trunc('day', at, 'UTC')
    ), part as (
      select ${start('began_on')} as began_at, ${start('day')} as at, profiles_count as profiles, amount from recurring_cohorts
      where ${own} and began_on >= (${from} at time zone 'UTC')::date and began_on not in (select day from split)
        and day not in (select day from split)
      union all
      select ${delta} from split cross join lateral (
        select began_at, at, kind, amount from recurring_movements
        where ${own} and at >= ${start('split.day')} and at < ${start('split.day')} + interval '1 day' offset 0) moved
      where not (${isSplit('began_at')})
      union all
      select ${delta} from split cross join lateral (
        select began_at, at, kind, amount from recurring_movements
        where ${own} and began_at >= ${start('split.day')} and began_at < ${start('split.day')} + interval '1 day' offset 0) begun
      union all
      select began_at, at, -recurring_profiles(kind), -amount from recurring_movements
      where ${own} and profile_id in (select profile_id from stale)
      union all
      select ${delta} from computed where unit = ${unit}
    )
    select width_bucket(began_at, ${instants}) as cohort, width_bucket(at, ${instants}) + 1 as position,
      sum(profiles)::bigint as profiles_count, sum(amount)::bigint as amount
    from part where began_at >= ${from} and at < ${until}
    group by 1, 2 order by 1, 2`.execute(reader);
  return accumulate(rows, bounds.length);
}

/** Adds what each period changed to the state before; the rows are in order. */
function accumulate(changes: readonly CohortCell[], bounds_count: number): CohortCell[] {
  const cells: CohortCell[] = [];
  for (const cohort of new Set(changes.map((change) => change.cohort))) {
    const own = new Map(changes.flatMap((change) => (change.cohort === cohort ? [[change.position, change]] : [])));
    let [profiles_count, amount] = [0, 0];
    for (let position = cohort + 1; position <= bounds_count; position += 1) {
      profiles_count += own.get(position)?.profiles_count ?? 0;
      amount += own.get(position)?.amount ?? 0;
      cells.push({ cohort, position, profiles_count, amount });
    }
  }
  return cells;
}
