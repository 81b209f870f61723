import { sql } from 'kysely';
import type { Reader } from '#platform/db/database';
import type { PlanId, ProfileId } from '#platform/db/db-schema';

/** A plan of a provider with its subscriptions at each bound. */
export interface PlanCounts {
  plan_id: PlanId;
  slug: string;
  title: string;
  is_active: boolean;
  /** Agreed subscriptions that run at the bound. */
  active: number[];
  /** Agreed subscriptions that ended before the bound, since the beginning. */
  ended: number[];
}

interface CountRow {
  plan_id: PlanId;
  slug: string;
  title: string;
  is_active: boolean;
  position: number | null;
  is_only: boolean | null;
  running: number | null;
  ended: number | null;
}

/**
 * Counts the agreed subscriptions to each plan of a provider at each bound. Bounds ascend; plans by title.
 *
 * `subscription_days` counts the begins and ends of days. Added to it are the subscriptions of the day of each bound,
 * those of archived profiles, which it leaves out; those that wait for an answer are subtracted.
 */
export async function countByPlan(
  reader: Reader,
  provider_id: ProfileId,
  bounds: readonly Date[],
): Promise<PlanCounts[]> {
  const instants = sql`${bounds.map((bound) => bound.toISOString())}::timestamptz[]`;
  // Indexes: subscription_days_pkey, subscriptions_plan_created_at, subscriptions_plan_id, subscriptions_waiting,
  // subscriptions_requested, profiles_archived, subscriptions_profile_id.
  const { rows } = await sql<CountRow>`
    with plan as materialized (
      select id, slug, coalesce(title, slug) as title, is_active from plans where profile_id = ${provider_id}
    ), bound as materialized (
      select at, position - 1 as position, subscription_day(at) as day,
        subscription_day(at)::timestamp at time zone 'UTC' as day_start
      from unnest(${instants}) with ordinality as given (at, position)
    ), thresholds as materialized (select array_agg(day order by position) as days from bound
    ), corrections as materialized (
      select plan_id, subscriptions.created_at, subscriptions.ends_at, -1 as sign from subscriptions
        join profiles on profiles.id = subscriptions.profile_id and profiles.is_active
      where plan_id in (select id from plan) and (grant_key is not null or request_key is not null)
      union all
      select plan_id, created_at, ends_at, 1 from subscriptions
      where profile_id in (select id from profiles where not is_active) and plan_id in (select id from plan)
        and grant_key is null and request_key is null
    ), counted as (
      select scope_id as plan_id, width_bucket(day, days) as position, false as is_only,
        begun_count - ended_count as running, ended_count as ended
      from (
        select scope_id, day, begun_count, ended_count from subscription_days
          where list = 'plan' and scope_id in (select id from plan)
        union all
        select scope_id, day, begun_count, ended_count from subscription_day_changes
          where list = 'plan' and scope_id in (select id from plan)
      ) as days_of_plan cross join thresholds
      union all
      select plan_id, position, true, 1, 0 from bound join subscriptions on subscriptions.created_at > day_start
          and subscriptions.created_at <= at
        join profiles on profiles.id = subscriptions.profile_id and profiles.is_active
      where plan_id in (select id from plan)
      union all
      select plan_id, position, true, -1, (subscriptions.ends_at < at)::integer
      from bound join subscriptions on subscriptions.ends_at > day_start and subscriptions.ends_at <= at
        join profiles on profiles.id = subscriptions.profile_id and profiles.is_active
      where plan_id in (select id from plan)
      union all
      select plan_id, position, true, case when created_at <= at and ends_at > at then sign else 0 end,
        case when ends_at < at then sign else 0 end
      from bound cross join corrections
    )
    select plan.id as plan_id, slug, title, is_active, sums.position, sums.is_only, sums.running, sums.ended
    from plan left join (
      select plan_id, position::integer as position, is_only, sum(running)::bigint as running, sum(ended)::bigint as ended
      from counted group by 1, 2, 3
    ) as sums on sums.plan_id = plan.id
    order by title, plan.id`.execute(reader);

  return gatherPlans(rows, bounds);
}

function gatherPlans(rows: readonly CountRow[], bounds: readonly Date[]): PlanCounts[] {
  const plans = new Map<PlanId, PlanCounts>();
  for (const { plan_id, slug, title, is_active, position, is_only, running, ended } of rows) {
    const plan = plans.get(plan_id) ?? {
      plan_id,
      slug,
      title,
      is_active,
      active: bounds.map(() => 0),
      ended: bounds.map(() => 0),
    };
    plans.set(plan_id, plan);
    if (position === null) continue;
    const end = is_only ? position + 1 : bounds.length;
    for (let index = position; index < end; index += 1) {
      plan.active[index] = (plan.active[index] ?? 0) + (running ?? 0);
      plan.ended[index] = (plan.ended[index] ?? 0) + (ended ?? 0);
    }
  }
  return [...plans.values()];
}
