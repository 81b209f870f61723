import { type RawBuilder, sql } from 'kysely';
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
  /** First bound to which the numbers belong. */
  position: number | null;
  /** The bound after the last one to which they belong. */
  until: number | null;
  running: number | null;
  ended: number | null;
}

/**
 * Counts the agreed subscriptions to each plan of a provider at each bound. Bounds ascend; plans by title.
 *
 * `subscription_months` counts the begins and ends of months, `subscription_days` those of days, which are read for the
 * month of each bound. Added are the subscriptions of the day of each bound, and those of archived profiles, which both
 * leave out; those that wait for an answer are subtracted.
 */
export async function countByPlan(
  reader: Reader,
  provider_id: ProfileId,
  bounds: readonly Date[],
): Promise<PlanCounts[]> {
  const { rows } = await selectCounts(provider_id, bounds).execute(reader);
  return gatherPlans(rows, bounds);
}

/** Selects the number of the subscriptions that run at `ends_at`, or that ended from `start_at` (null: ever) on. */
export function selectSubscriptionsCount({
  provider_id,
  plan,
  state,
  start_at,
  ends_at,
}: {
  provider_id: ProfileId;
  plan: string | null;
  state: 'active' | 'ended';
  start_at: Date | null;
  ends_at: Date;
}): RawBuilder<{ count: number }> {
  const bounds = state === 'ended' && start_at ? [start_at, ends_at] : [ends_at];
  // Those before the last bound less those before the first.
  const countsAt = (bound: number) => sql`(position <= ${bound} and until > ${bound})::integer`;
  const sign = bounds.length === 1 ? countsAt(0) : sql`${countsAt(1)} - ${countsAt(0)}`;
  const value = state === 'active' ? sql`running` : sql`ended`;
  return sql<{ count: number }>`select coalesce(sum(${value} * (${sign})), 0)::bigint as count
    from (${selectCounts(provider_id, bounds)}) as counted where slug = coalesce(${plan}::text, slug)`;
}

/** Selects what the subscriptions of each plan add to the bounds from `position` (inclusive) to `until` (exclusive). */
// long: one statement
function selectCounts(provider_id: ProfileId, bounds: readonly Date[]): RawBuilder<CountRow> {
  const instants = sql`${bounds.map((bound) => bound.toISOString())}::timestamptz[]`;
  // Indexes: subscription_months_pkey, subscription_days_pkey, subscriptions_plan_created_at, subscriptions_plan_id
  // (`offset 0`: a range of each plan and bound instead of a join that compares all subscriptions with each bound),
  // subscriptions_waiting, subscriptions_requested, profiles_archived, subscriptions_profile_id.
  return sql<CountRow>`
    with plan as materialized (
      select id, slug, coalesce(title, slug) as title, is_active from plans where profile_id = ${provider_id}
    ), bound as materialized (
      select at, position - 1 as position, subscription_day(at) as day,
        subscription_day(at)::timestamp at time zone 'UTC' as day_start
      from unnest(${instants}) with ordinality as given (at, position)
    ), bound_month as materialized (
      select month_of_day(day) as month, (month_of_day(day) + interval '1 month')::date as next_month,
        max(position) + 1 as until
      from bound group by 1, 2
    ), thresholds as materialized (
      select array_agg(day order by position) as days, array_agg(month_of_day(day) order by position) as months,
        count(*) as count
      from bound
    ), corrections as materialized (
      select plan_id, subscriptions.created_at, subscriptions.ends_at, -1 as sign from subscriptions
        join profiles on profiles.id = subscriptions.profile_id and profiles.is_active
      where plan_id in (select id from plan) and (grant_key is not null or request_key is not null)
      union all
      select plan_id, created_at, ends_at, 1 from subscriptions
      where profile_id in (select id from profiles where not is_active) and plan_id in (select id from plan)
        and grant_key is null and request_key is null
    ), counted as (
      select plan.id as plan_id, width_bucket(month, months) as position, thresholds.count as until,
        begun_count - ended_count as running, ended_count as ended
      from thresholds cross join plan cross join lateral (
        select month, begun_count, ended_count from subscription_months where list = 'plan' and scope_id = plan.id
        offset 0) months_of_plan
      union all
      select plan.id, width_bucket(day, days), until, begun_count - ended_count, ended_count
      from thresholds cross join bound_month cross join plan cross join lateral (
        select day, begun_count, ended_count from subscription_days
        where list = 'plan' and scope_id = plan.id and day >= month and day < next_month offset 0) days_of_month
      union all
      select scope_id, width_bucket(day, days), thresholds.count, begun_count - ended_count, ended_count
      from subscription_day_changes cross join thresholds
      where list = 'plan' and scope_id in (select id from plan)
      union all
      select plan.id, position, position + 1, 1, 0 from bound cross join plan cross join lateral (
        select from subscriptions join profiles on profiles.id = subscriptions.profile_id and profiles.is_active
        where plan_id = plan.id and subscriptions.created_at > day_start and subscriptions.created_at <= at offset 0) begun
      union all
      select plan.id, position, position + 1, -1, (ends_at < at)::integer from bound cross join plan cross join lateral (
        select subscriptions.ends_at from subscriptions
          join profiles on profiles.id = subscriptions.profile_id and profiles.is_active
        where plan_id = plan.id and subscriptions.ends_at > day_start and subscriptions.ends_at <= at offset 0) ended
      union all
      select plan_id, position, position + 1, case when created_at <= at and ends_at > at then sign else 0 end,
        case when ends_at < at then sign else 0 end
      from bound cross join corrections
    )
    select plan.id as plan_id, slug, title, is_active, sums.position, sums.until, sums.running, sums.ended
    from plan left join (
      select plan_id, position::integer as position, until::integer as until,
        sum(running)::bigint as running, sum(ended)::bigint as ended
      from counted group by 1, 2, 3
    ) as sums on sums.plan_id = plan.id
    order by title, plan.id`;
}

function gatherPlans(rows: readonly CountRow[], bounds: readonly Date[]): PlanCounts[] {
  const plans = new Map<PlanId, PlanCounts>();
  for (const { plan_id, slug, title, is_active, position, until, running, ended } of rows) {
    const plan = plans.get(plan_id) ?? {
      plan_id,
      slug,
      title,
      is_active,
      active: bounds.map(() => 0),
      ended: bounds.map(() => 0),
    };
    plans.set(plan_id, plan);
    if (position === null || until === null) continue;
    for (let index = position; index < until; index += 1) {
      plan.active[index] = (plan.active[index] ?? 0) + (running ?? 0);
      plan.ended[index] = (plan.ended[index] ?? 0) + (ended ?? 0);
    }
  }
  return [...plans.values()];
}
