import { sql } from 'kysely';
import type { Money } from '#kernel/money';
import type { Reader } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';

/** Payments and refunds of a seller between two bounds. Units: 1/100 of `unit`. */
export interface MoneyInPeriod {
  /** Index of the period, from 1. */
  period: number;
  unit: string;
  paid: number;
  /** Refunds and disputes. */
  lost: number;
}

/** Sums what a seller was paid and what went back, before fees, by period. The last bound is exclusive. */
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
      select created_at, orig_unit, 0, orig_amount from ledger_entries
        where dest_profile_id = ${provider_id} and dest_account in ('Refund', 'Chargeback')
          and orig_account = 'Refunded' and created_at >= ${bounds[0]} and created_at < ${bounds.at(-1)}
    ) as moved group by 1, 2 order by 1, 2`.execute(reader);
  return rows;
}

/** Subscriptions of a seller, by currency. `recurring`: list prices per month of those that renew, in 1/100. */
export interface SubscriptionFigures {
  unit: string;
  active_count: number;
  recurring: number;
  renewals_count: number;
  renewals: number;
  endings_count: number;
  requests_count: number;
}

/** Counts the subscriptions of a seller at an instant, and those whose period ends before `until`. */
export async function countSubscriptions(
  reader: Reader,
  provider_id: ProfileId,
  at: Date,
  until: Date,
): Promise<SubscriptionFigures[]> {
  // Index: subscriptions_plan_id (plan_id, ends_at).
  const { rows } = await sql<SubscriptionFigures>`
    select unit,
      count(*) filter (where is_agreed) as active_count,
      coalesce(round(sum(per_month) filter (where is_agreed and renews)), 0)::bigint as recurring,
      count(*) filter (where is_agreed and renews and ends_at < ${until}) as renewals_count,
      coalesce(sum(period_amount) filter (where is_agreed and renews and ends_at < ${until}), 0)::bigint as renewals,
      count(*) filter (where is_agreed and not renews and ends_at < ${until}) as endings_count,
      count(*) filter (where is_requested) as requests_count
    from (
      select plan.unit, plan.period_amount, subscription.ends_at,
        subscription.auto_renew and plan.renewal_type = 'auto-renew' as renews,
        subscription.request_key is not null as is_requested,
        subscription.request_key is null and subscription.grant_key is null and subscription.created_at <= ${at}
          as is_agreed,
        plan.period_amount::numeric / greatest(plan.period_length, 1) * case plan.period_type
          when 'hourly' then 730 when 'daily' then 365.0 / 12 when 'weekly' then 52.0 / 12
          when 'yearly' then 1.0 / 12 else 1 end as per_month
      from plans plan join subscriptions subscription on subscription.plan_id = plan.id
      where plan.profile_id = ${provider_id} and subscription.ends_at > ${at}
    ) as subscription group by unit order by unit`.execute(reader);
  return rows;
}

/** Sums what the subscribers of a seller owe, by currency. */
export async function sumDue(
  reader: Reader,
  provider_id: ProfileId,
): Promise<(Money & { subscribers_count: number })[]> {
  // Indexes: subscriptions_plan_id, the unique key of ledger_subject_balances.
  const { rows } = await sql<Money & { subscribers_count: number }>`
    select balance.unit, sum(balance.amount)::bigint as amount, count(distinct balance.profile_id) as subscribers_count
    from plans plan join subscriptions subscription on subscription.plan_id = plan.id
      join ledger_subject_balances balance on balance.subject_kind = 'sub'
        and balance.subject_id = subscription.id::text
    where plan.profile_id = ${provider_id} and balance.profile_id is not null and balance.amount > 0
    group by balance.unit order by balance.unit`.execute(reader);
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
