import { sql } from 'kysely';
import type { Money } from '#kernel/money';
import type { Reader } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import { type CountedState, whereState } from '../plans/index.ts';

/** Payments and refunds of a seller between two bounds. Units: 1/100 of `unit`. */
export interface MoneyInPeriod {
  /** Index of the period, from 1. */
  period: number;
  unit: string;
  paid: number;
  /** Refunds and disputes. */
  lost: number;
}

/**
 * Sums what a seller was paid and what went back, before fees, by period. Orders that credit pays are not paid. The
 * last bound is exclusive.
 */
export async function sumMoneyIn(
  reader: Reader,
  provider_id: ProfileId,
  bounds: readonly Date[],
): Promise<MoneyInPeriod[]> {
  const instants = sql`${bounds.map((bound) => bound.toISOString())}::timestamptz[]`;
  // Index: ledger_entries_dest, a range of instants in each account.
  const { rows } = await sql<MoneyInPeriod>`
    select width_bucket(created_at, ${instants}) as period, unit, sum(paid)::bigint as paid, sum(lost)::bigint as lost
    from (
      select created_at, dest_unit as unit, dest_amount as paid, 0 as lost from ledger_entries
        where dest_profile_id = ${provider_id} and dest_account = 'Receivable' and orig_account = 'Backlog'
          and created_at >= ${bounds[0]} and created_at < ${bounds.at(-1)}
      union all
      select created_at, dest_unit, -dest_amount, 0 from ledger_entries
        where dest_profile_id = ${provider_id} and dest_account = 'Credit' and orig_account = 'Liability'
          and created_at >= ${bounds[0]} and created_at < ${bounds.at(-1)}
      union all
      select created_at, orig_unit, 0, orig_amount from ledger_entries
        where dest_profile_id = ${provider_id} and dest_account in ('Refund', 'Chargeback')
          and orig_account = 'Refunded' and created_at >= ${bounds[0]} and created_at < ${bounds.at(-1)}
    ) as moved group by 1, 2 order by 1, 2`.execute(reader);
  return rows;
}

/** Subscriptions of a seller, by currency of their plans. */
export interface SubscriptionFigures {
  unit: string;
  active_count: number;
  requests_count: number;
}

/** Counts the subscriptions of a seller at an instant. */
export async function countSubscriptions(
  reader: Reader,
  provider_id: ProfileId,
  at: Date,
): Promise<SubscriptionFigures[]> {
  // Index: subscriptions_plan_id (plan_id, ends_at).
  const { rows } = await sql<SubscriptionFigures>`
    select plan.unit, count(*) filter (where request_key is null and grant_key is null and subscription.created_at <= ${at}) as active_count,
      count(*) filter (where request_key is not null) as requests_count
    from plans plan join subscriptions subscription on subscription.plan_id = plan.id
    where plan.profile_id = ${provider_id} and subscription.ends_at > ${at}
    group by plan.unit order by plan.unit`.execute(reader);
  return rows;
}

/** What happens to subscriptions soon. */
export const coming_states = ['renewing', 'ending', 'trials', 'resuming', 'cards'] as const satisfies CountedState[];

/** Subscriptions of a seller to which something happens, by currency of their plans. */
export interface ComingFigures {
  state: (typeof coming_states)[number];
  unit: string;
  count: number;
  /** List prices of a period for the quantities, in 1/100 of the unit. */
  amount: number;
}

/** Counts the subscriptions that renew, end and so on from an instant (inclusive) to another (exclusive). */
export async function countComing(
  reader: Reader,
  provider_id: ProfileId,
  from: Date,
  until: Date,
): Promise<ComingFigures[]> {
  const counted = coming_states.map(
    (state) => sql`select ${state}::text as state, owned.unit, count(*) as count,
        sum(owned.period_amount * subscription.quantity)::bigint as amount
      from plans owned join subscriptions subscription on subscription.plan_id = owned.id
      where owned.profile_id = ${provider_id} and subscription.request_key is null and subscription.grant_key is null
        and ${whereState(state, from, until)}
      group by owned.unit`,
  );
  // Index: subscriptions_plan_id (plan_id, ends_at).
  const { rows } = await sql<ComingFigures>`${sql.join(counted, sql` union all `)} order by unit`.execute(reader);
  return rows;
}

/** Sums what the subscribers of a seller owe before an instant, by currency. */
export async function sumDue(
  reader: Reader,
  provider_id: ProfileId,
  at: Date,
): Promise<(Money & { subscribers_count: number })[]> {
  // Indexes: metric_debts_time, ledger_entries_pkey.
  const { rows } = await sql<Money & { subscribers_count: number }>`
    select debt.unit, sum(debt.amount)::bigint as amount, count(distinct entry.dest_profile_id) as subscribers_count
    from metric_current_debts debt join ledger_entries entry on entry.id = debt.entry_id
    where tstzrange(debt.from_at, debt.until_at, '(]') @> ${at}::timestamptz and debt.provider_id = ${provider_id}
    group by debt.unit order by debt.unit`.execute(reader);
  return rows;
}

/** Open cases of subscribers whose payment failed, by currency. */
export interface FailedFigures {
  unit: string;
  cases_count: number;
}

export async function countFailed(reader: Reader, provider_id: ProfileId): Promise<FailedFigures[]> {
  // Index: dunning_cases_provider_id.
  const { rows } = await sql<FailedFigures>`
    select unit, count(*) as cases_count from dunning_cases
    where provider_id = ${provider_id} and closed_at is null group by unit order by unit`.execute(reader);
  return rows;
}

/** Charges with lines of a seller that need attention, by state and currency; the amounts are those of its lines. */
export interface TroubledCharges {
  state: 'failed' | 'disputed';
  unit: string;
  charges_count: number;
  amount: number;
}

export async function sumTroubledCharges(
  reader: Reader,
  provider_id: ProfileId,
  since: Date,
): Promise<TroubledCharges[]> {
  // Indexes: charges_state (state, created_at), charge_items_charge_id_rank_key. Disputes stay until they are decided.
  const { rows } = await sql<TroubledCharges>`
    select charge.state, charge.unit, count(distinct charge.id) as charges_count, sum(item.amount)::bigint as amount
    from charges charge join charge_items item on item.charge_id = charge.id
    where item.provider_id = ${provider_id}
      and (charge.state = 'disputed' or (charge.state = 'failed' and charge.created_at >= ${since}))
    group by charge.state, charge.unit order by charge.state, charge.unit`.execute(reader);
  return rows;
}

/** The newest charges with lines of a seller; the amounts are those of its lines. */
export interface LatestCharge {
  processor_key: string;
  customer_slug: string;
  customer_name: string;
  title: string;
  amount: number;
  unit: string;
  state: 'created' | 'done' | 'failed' | 'disputed';
  created_at: Date;
}

export async function findLatestCharges(
  reader: Reader,
  provider_id: ProfileId,
  limit: number,
): Promise<LatestCharge[]> {
  // Index: charges_created_at, read from the newest.
  const { rows } = await sql<LatestCharge>`
    select charge.processor_key, customer.slug as customer_slug,
      coalesce(nullif(customer.full_name, ''), customer.slug) as customer_name,
      own.title, own.amount, charge.unit, charge.state, charge.created_at
    from charges charge
      join profiles customer on customer.id = charge.profile_id
      join lateral (
        select (array_agg(item.title order by item.rank))[1] as title, sum(item.amount)::bigint as amount
        from charge_items item where item.charge_id = charge.id and item.provider_id = ${provider_id}
        having count(*) > 0) own on true
    order by charge.created_at desc, charge.id desc limit ${limit}`.execute(reader);
  return rows;
}
