import { type Expression, type RawBuilder, sql } from 'kysely';
import type { Reader } from '#platform/db/database';
import type { PlanId, ProfileId } from '#platform/db/db-schema';
import { selectProfileNames } from '#profiles';

/**
 * Selection by time. `active`: runs now and began at `start_at` or later. `ended`: ended within the requested period.
 * `all`: overlaps the requested period.
 */
export type Span = 'active' | 'ended' | 'all';

/** A selection by time at an instant. */
export interface SpanAt {
  span: Span;
  at: Date;
}

type Count = RawBuilder<{ count: number }>;

/**
 * Selects the number of the subscriptions of active profiles to plans, waiting ones included. Reads the numbers by day
 * and the rows of the day of `at`, not the subscriptions.
 */
export function selectSubscriptionCount(
  reader: Reader,
  plans: Expression<{ id: PlanId }>,
  { span, at }: SpanAt,
): Count {
  const days = daysOf('plan', sql`select id from ${plans} as plan`);
  // Indexes: subscriptions_plan_id, subscriptions_plan_created_at.
  const today = (side: 'created_at' | 'ends_at') => sql`(
    select count(*) from subscriptions
      join ${selectProfileNames(reader)} as profile on profile.id = subscriptions.profile_id and profile.is_active
    where subscriptions.plan_id in (select id from ${plans} as plan)
      and ${sql.ref(`subscriptions.${side}`)} > ${dayStart(at)} and ${sql.ref(`subscriptions.${side}`)} <= ${at})`;
  switch (span) {
    case 'all':
      return sql`select coalesce(sum(begun_count), 0)::bigint as count from ${days}`;
    case 'ended':
      return sql`select coalesce(sum(ended_count), 0)::bigint + ${today('ends_at')} as count
        from ${days} where ${isBefore(at)}`;
    case 'active':
      return sql`select coalesce(sum(begun_count - ended_count), 0)::bigint + ${today('created_at')} - ${today('ends_at')}
        as count from ${days} where ${isBefore(at)}`;
  }
}

/** Counts the subscriptions to each plan that run at `at`, as `selectSubscriptionCount` does. */
export async function countActiveByPlan(
  reader: Reader,
  plan_ids: readonly PlanId[],
  at: Date,
): Promise<Map<PlanId, number>> {
  if (plan_ids.length === 0) return new Map();
  const one = sql<{ id: PlanId }>`(select one_plan.id)`;
  const count = selectSubscriptionCount(reader, one, { span: 'active', at });
  const rows = await reader
    .selectFrom(sql<{ id: PlanId }>`unnest(${[...plan_ids]}::bigint[])`.as<'one_plan'>(sql`one_plan(id)`))
    .select(['one_plan.id', sql<number>`(select count from (${count}) as counted)`.as('count')])
    .execute();
  return new Map(rows.map((row) => [row.id, row.count]));
}

/** Selects the number of the active profiles that have a subscription to a plan of a provider at `at`. */
export function selectSubscriberCount(provider_id: ProfileId, plans: Expression<{ id: PlanId }>, at: Date): Count {
  const until = sql`<= ${at}`;
  return sql`select coalesce(sum(begun_count - ended_count), 0)::bigint
      + ${spansOfDay(provider_id, plans, 'starts_at', at, until)} - ${spansOfDay(provider_id, plans, 'ends_at', at, until)}
    as count from ${daysOf('provider', sql`${provider_id}`)} where ${isBefore(at)}`;
}

/** Selects the number of the active profiles whose first subscription to a plan of a provider began before `until`. */
export function selectFirstSubscriberCount(
  provider_id: ProfileId,
  plans: Expression<{ id: PlanId }>,
  until: Date,
): Count {
  return sql`select coalesce(sum(first_count), 0)::bigint
      + ${spansOfDay(provider_id, plans, 'starts_at', until, sql`< ${until} and is_first`)}
    as count from ${daysOf('provider', sql`${provider_id}`)} where ${isBefore(until)}`;
}

/**
 * Selects the number of spans that begin or end on the day of `at`, from the subscriptions that do. Indexes:
 * subscriptions_plan_id, subscriptions_plan_created_at, subscriber_spans_pkey.
 */
function spansOfDay(
  provider_id: ProfileId,
  plans: Expression<{ id: PlanId }>,
  side: 'starts_at' | 'ends_at',
  at: Date,
  until: RawBuilder<unknown>,
): RawBuilder<number> {
  const column = sql.ref(`subscriptions.${side === 'starts_at' ? 'created_at' : 'ends_at'}`);
  return sql<number>`(
    select count(*) from subscriber_spans
    where provider_id = ${provider_id} and ${sql.ref(side)} > ${dayStart(at)} and ${sql.ref(side)} ${until}
      and profile_id in (
        select subscriptions.profile_id from subscriptions
        where subscriptions.plan_id in (select id from ${plans} as plan)
          and ${column} > ${dayStart(at)} and ${column} <= ${at}))`;
}

/** The numbers by day, folded or not. Index: subscription_days_pkey. */
function daysOf(list: 'plan' | 'provider', scopes: RawBuilder<unknown>): RawBuilder<unknown> {
  const columns = sql`day, begun_count, ended_count, first_count`;
  const filter = sql`where list = ${list} and scope_id in (${scopes})`;
  return sql`(
    select ${columns} from subscription_days ${filter} union all select ${columns} from subscription_day_changes ${filter}
  ) as counted_day`;
}

const isBefore = (at: Date) => sql`day < subscription_day(${at}::timestamptz)`;

/** The instant after which the day of `at` is counted (`subscription_days.day`). */
const dayStart = (at: Date) => sql`(subscription_day(${at}::timestamptz)::timestamp at time zone 'UTC')`;
