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
  const instants = sql`${bounds.map((bound) => bound.toISOString())}::timestamptz[]`;
  const own = sql`provider_id = ${provider_id} and unit = ${unit}`;
  // Indexes: recurring_days_pkey, recurring_movements_at, recurring_movements_pkey.
  const { rows } = await sql<SumRow>`
    with ${stale(provider_id)}, bound as materialized (
      select at as bound_at, position - 1 as position, (at at time zone 'UTC')::date as day, date_trunc('day', at, 'UTC') as day_start
      from unnest(${instants}) with ordinality as given (at, position)
    ), thresholds as materialized (select array_agg(day order by position) as days from bound
    ), part as (
      select kind, is_pause, width_bucket(recurring_days.day, days) as position, false as is_only, amount
      from recurring_days cross join thresholds where ${own}
      union all
      select kind, cause = 'pause', position, true, amount from bound join recurring_movements on at >= day_start and at < bound_at
      where ${own}
      union all
      select kind, cause = 'pause', width_bucket(at, ${instants}), false, -amount from recurring_movements
      where ${own} and profile_id in (select profile_id from stale)
      union all
      select kind, cause = 'pause', width_bucket(at, ${instants}), false, amount from computed where unit = ${unit}
    )
    select kind, is_pause, position::integer as position, is_only, sum(amount)::bigint as amount
    from part group by 1, 2, 3, 4`.execute(reader);

  const sums: RecurringSums = { all: emptySums(bounds), paused: emptySums(bounds) };
  for (const { kind, is_pause, position, is_only, amount } of rows) {
    const end = is_only ? position + 1 : bounds.length;
    for (const of of is_pause ? [sums.all, sums.paused] : [sums.all])
      for (let index = position; index < end; index += 1) of[kind][index] = (of[kind][index] ?? 0) + amount;
  }
  return sums;
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
}

/** Selects all movements of a provider, those of stale subscribers computed. */
export function selectMovements(provider_id: ProfileId): RawBuilder<Movement> {
  return sql<Movement>`(
    with ${stale(provider_id)}
    select profile_id, unit, at, kind, cause, amount, after_amount, order_line_ids from recurring_movements
    where provider_id = ${provider_id} and profile_id not in (select profile_id from stale)
    union all
    select profile_id, unit, at, kind, cause, amount, after_amount, order_line_ids from computed
  )`;
}

/** Subscribers of a cohort at a bound. */
export interface CohortCell {
  /** Index of the period in which the subscribers began to pay, from 1. */
  cohort: number;
  position: number;
  profiles_count: number;
  amount: number;
}

/**
 * Counts the subscribers that began in each period and have recurring revenue before each later bound, with that
 * revenue. Subscribers that began before the first bound are not counted.
 */
export async function countCohorts(
  reader: Reader,
  provider_id: ProfileId,
  unit: string,
  bounds: readonly Date[],
): Promise<CohortCell[]> {
  const instants = sql`${bounds.map((bound) => bound.toISOString())}::timestamptz[]`;
  const { rows } = await sql<CohortCell>`
    with movement as materialized (
      select * from ${selectMovements(provider_id)} as movement where unit = ${unit} and at < ${bounds.at(-1)}
    ), began as (
      select profile_id, width_bucket(at, ${instants}) as cohort from movement where kind = 'new' and at >= ${bounds[0]}
    ), state as (
      select profile_id, at, after_amount, lead(at) over (partition by profile_id order by at) as until from movement
    )
    select cohort, position::integer as position, count(distinct profile_id) as profiles_count, sum(after_amount)::bigint as amount
    from began join state using (profile_id)
      join unnest(${instants}) with ordinality as bound (bound_at, position)
        on state.at < bound_at and (state.until is null or state.until >= bound_at) and position > cohort
    where after_amount > 0
    group by 1, 2 order by 1, 2`.execute(reader);
  return rows;
}
