import { sql } from 'kysely';
import type { Reader } from '#platform/db/database';

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
