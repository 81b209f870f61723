import { sql } from 'kysely';
import type { Reader } from '#platform/db/database';
import type { RecountIncome, SoldLine } from './recount-earned.ts';

// Rows that the recounts of reports count. Recounts use no SQL and none of the sums that reports read.

/** An entry of the ledger with the facts that reports count. */
export interface RecountEntry {
  id: number;
  ledger_event_id: number;
  created_at: Date;
  orig_profile_id: number;
  orig_account: string;
  orig_amount: number;
  orig_unit: string;
  dest_profile_id: number;
  dest_account: string;
  dest_amount: number;
  dest_unit: string;
  subject_kind: string | null;
  subject_id: string | null;
  subject_part: string | null;
}

/** Reads the whole ledger in the order of its entries. */
export async function readLedger(reader: Reader): Promise<RecountEntry[]> {
  return reader.selectFrom('ledger_entries').selectAll().orderBy('id').execute();
}

/** A subscription with the facts that reports count. */
export interface RecountSubscription {
  profile_id: number;
  plan: string;
  /** Profile that owns the plan. */
  provider_id: number;
  created_at: Date;
  ends_at: Date;
  /** False while one side did not agree yet. */
  is_agreed: boolean;
}

/** Reads all subscriptions. */
export async function readSubscriptions(reader: Reader): Promise<RecountTerm[]> {
  const { rows } = await selectSubscriptions.execute(reader);
  return rows;
}

/** A subscription with the instants at which its recurring revenue ends. */
export interface RecountTerm extends RecountSubscription {
  id: number;
  paused_at: Date | null;
  suspended_at: Date | null;
  trial_ends_at: Date | null;
}

const selectSubscriptions = sql<RecountTerm>`
  select subscriptions.id, subscriptions.profile_id, plans.slug as plan, plans.profile_id as provider_id,
    subscriptions.created_at, subscriptions.ends_at, grant_key is null and request_key is null as is_agreed,
    paused_at, suspended_at, trial_ends_at
  from subscriptions join plans on plans.id = plan_id order by subscriptions.id`;

/** Time that an order line pays. */
export interface RecountCoverage {
  subscription_id: number;
  order_line_id: number;
  unit: string;
  amount: number;
  starts_at: Date;
  ends_at: Date;
  /** Recurring price of `recurring_periods` periods of the type; null of prices that do not recur. */
  recurring_amount: number | null;
  recurring_periods: number | null;
  period_type: string | null;
}

/** A profile, its users and whether it sells. */
export interface RecountProfile {
  id: number;
  slug: string;
  name: string;
  plans_count: number;
}

/** The rows of a business besides its ledger. */
export interface RecountRows {
  entries: RecountEntry[];
  profiles: RecountProfile[];
  subscriptions: RecountTerm[];
  coverages: RecountCoverage[];
  /** Begins and ends of pauses that a subscriber asked for. */
  pauses: { subscription_id: number; starts_at: Date; resumed_at: Date | null }[];
  /** Users by name, with the profiles on which they have a role. */
  users: { username: string; profile_ids: number[] }[];
}

/** Reads the rows of a business. */
export async function readRows(reader: Reader): Promise<RecountRows> {
  const [profiles, subscriptions, coverages, pauses, users] = [
    await sql<RecountProfile>`select id, slug, coalesce(nullif(full_name, ''), slug) as name,
      (select count(*) from plans where plans.profile_id = profiles.id)::int as plans_count
      from profiles order by id`.execute(reader),
    await readSubscriptions(reader),
    await sql<RecountCoverage>`select coverages.subscription_id, order_line_id, unit, coverages.amount, starts_at, ends_at,
      recurring_amount, recurring_periods, period_type
      from coverages join order_lines on order_lines.id = order_line_id order by order_line_id, coverages.rank`.execute(
      reader,
    ),
    await sql<RecountRows['pauses'][number]>`select subscription_id, starts_at, resumed_at from pauses
      where kind = 'pause' and state in ('running', 'ended') order by id`.execute(reader),
    await sql<RecountRows['users'][number]>`select username, coalesce((select array_agg(roles.profile_id) from roles
        where roles.user_id = users.id and grant_key is null and request_key is null), '{}') as profile_ids
      from users where is_active order by username`.execute(reader),
  ];
  return {
    entries: await readLedger(reader),
    profiles: profiles.rows,
    subscriptions,
    coverages: coverages.rows,
    pauses: pauses.rows,
    users: users.rows,
  };
}

/**
 * Reads the lines of sold time with what became of it, and the income of their subjects by instant. Leaves out subjects
 * with a write-off, which takes income, and with payments in another unit.
 */
export async function readSoldTime(reader: Reader): Promise<{ lines: SoldLine[]; incomes: RecountIncome[] }> {
  const { rows: lines } = await sql<SoldLine>`
    select line.id, concat(subject_kind, '_', subject_id) as subject, unit, line.amount as price, period_type,
      case when line.kind = 'period' and recurring_amount is not null then periods_count end as periods_count, covers_to,
      not exists (select from order_lines other join coverages fee on fee.order_line_id = other.id
        where other.subject_kind = line.subject_kind and other.subject_id = line.subject_id
          and other.kind in ('setup', 'use')) as is_dated,
      array(select jsonb_build_object('amount', amount, 'recognised', recognised, 'recognised_until', recognised_until,
          'quantity', quantity, 'anchor_at', anchor_at, 'starts_at', starts_at, 'ends_at', ends_at)
        from coverages where order_line_id = line.id order by rank) as times,
      (select jsonb_build_object('amount', amount, 'quantity', quantity, 'length_ms', length_ms)
        from frozen_coverages where order_line_id = line.id) as frozen
    from order_lines line
    where line.kind in ('period', 'seats') and line.amount > 0 and line.covers_to is not null and line.period_type is not null
      and exists (select from coverages where order_line_id = line.id)
      and not exists (select from ledger_entries entry
        where entry.subject_kind = line.subject_kind and entry.subject_id = line.subject_id
          and (entry.dest_account in ('Canceled') or entry.orig_unit <> line.unit or entry.dest_unit <> line.unit))
    order by line.id`.execute(reader);
  const { rows: incomes } = await sql<RecountIncome>`
    select concat(subject_kind, '_', subject_id) as subject, orig_unit as unit, created_at as at, sum(orig_amount)::bigint as amount
    from ledger_entries where orig_account = 'Income' and coalesce(subject_part, '') = ''
    group by subject_kind, subject_id, orig_unit, created_at`.execute(reader);
  return { lines: lines.map((line) => ({ ...line, times: readTimes(line.times) })), incomes };
}

/** Returns times of a JSON value with their instants as dates. */
function readTimes([first, ...others]: SoldLine['times']): SoldLine['times'] {
  const read = (time: SoldLine['times'][number]) => ({
    ...time,
    recognised_until: time.recognised_until && new Date(time.recognised_until),
    anchor_at: new Date(time.anchor_at),
    starts_at: new Date(time.starts_at),
    ends_at: new Date(time.ends_at),
  });
  return [read(first), ...others.map(read)];
}
