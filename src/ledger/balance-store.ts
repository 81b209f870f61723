import { type RawBuilder, sql } from 'kysely';
import type { Money } from '#kernel/money';
import type { ProfileId, SubscriptionId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { type EventBalance, type StatementBalance, sumByUnit } from './balance.ts';
import type { Account, Entry } from './entry.ts';

/** Narrows a balance: `from` inclusive, `until` exclusive. */
export interface BalanceScope {
  from?: Date;
  until?: Date;
  event_id?: string;
}

/** Reads what one account of a profile holds, by unit: what came in less what went out. Empty when nothing ever did. */
export async function balance(
  reader: Reader,
  profile_id: ProfileId,
  account: Account,
  scope: BalanceScope = {},
): Promise<Money[]> {
  const within = scopeCondition(scope);
  // Each half walks its own index: ledger_entries_dest, ledger_entries_orig.
  const { rows } = await sql<Money>`
    select unit, sum(amount) as amount from (
      select dest_unit as unit, dest_amount as amount from ledger_entries
        where dest_profile_id = ${profile_id} and dest_account = ${account} and ${within}
      union all
      select orig_unit, -orig_amount from ledger_entries
        where orig_profile_id = ${profile_id} and orig_account = ${account} and ${within}
    ) postings group by unit order by unit`.execute(reader);
  return rows;
}

/** Reads what all profiles together hold in an account on one event, by unit. */
export async function eventBalance(reader: Reader, event_id: string, account: Account): Promise<Money[]> {
  // Index: ledger_entries_event_id.
  const { rows } = await sql<Money>`
    select unit, sum(amount) as amount from (
      select dest_unit as unit, dest_amount as amount from ledger_entries
        where event_id = ${event_id} and dest_account = ${account}
      union all
      select orig_unit, -orig_amount from ledger_entries where event_id = ${event_id} and orig_account = ${account}
    ) postings group by unit order by unit`.execute(reader);
  return rows;
}

/** What somebody holds in an account on one event. */
export interface Holding extends EventBalance {
  profile_id: ProfileId;
}

/** Reads who holds what in an account, event by event. */
export async function holdingsByEvent(
  reader: Reader,
  event_ids: readonly string[],
  account: Account,
): Promise<Holding[]> {
  if (event_ids.length === 0) return [];
  // Index: ledger_entries_event_id.
  const { rows } = await sql<Holding>`
    select event_id, profile_id, unit, sum(amount) as amount from (
      select event_id, dest_profile_id as profile_id, dest_unit as unit, dest_amount as amount from ledger_entries
        where event_id = any(${[...event_ids]}) and dest_account = ${account}
      union all
      select event_id, orig_profile_id, orig_unit, -orig_amount from ledger_entries
        where event_id = any(${[...event_ids]}) and orig_account = ${account}
    ) postings group by event_id, profile_id, unit order by event_id, profile_id, unit`.execute(reader);
  return rows;
}

/** An entry that settles part of what its event owes: paid, or written off. */
const settles = sql`((orig_account = 'Backlog' and dest_account = 'Receivable')
  or (orig_account = 'Receivable' and dest_account = 'Canceled'))`;

/** What an entry adds to the amount due on its event: an order adds, a payment or a write-off takes away. */
const due = sql`case when dest_account = 'Payable' then dest_amount else -dest_amount end`;

/**
 * Reads what a profile owes at an instant, the entries of that very instant included: orders on its events (whoever pays
 * for them) less what was paid or written off there. Refunds and disputes change nothing. With `sellers` on orders of
 * these only.
 */
export async function statementBalance(
  reader: Reader,
  profile_id: ProfileId,
  at: Date,
  sellers?: readonly ProfileId[] | null,
): Promise<StatementBalance> {
  const of_sellers = sellers ? sql`orig_profile_id = any(${[...sellers]}::bigint[])` : sql`true`;
  // Index: ledger_entries_dest finds the events, ledger_entries_event_id what happened on them.
  const { rows } = await sql<EventBalance>`
    select entry.event_id, entry.dest_unit as unit, sum(${due}) as amount
    from (
      select distinct event_id from ledger_entries
      where dest_profile_id = ${profile_id} and dest_account = 'Payable' and created_at <= ${at} and event_id is not null
        and ${of_sellers}
    ) owed join ledger_entries entry on entry.event_id = owed.event_id
    where entry.created_at <= ${at} and (dest_account = 'Payable' or ${settles})
    group by entry.event_id, entry.dest_unit
    having sum(${due}) <> 0
    order by entry.event_id, entry.dest_unit`.execute(reader);
  return { events: rows, totals: sumByUnit(rows) };
}

/**
 * Reads the orders of a profile that are not paid for, newest first: on each event that owes something, its newest orders up
 * to the amount due, so that payments count for the oldest.
 */
export async function unpaidOrders(
  reader: Reader,
  profile_id: ProfileId,
  at: Date,
  sellers?: readonly ProfileId[] | null,
): Promise<Entry[]> {
  const { events } = await statementBalance(reader, profile_id, at, sellers);
  const owing = events.filter(({ amount }) => amount > 0);
  if (owing.length === 0) return [];
  // Index: ledger_entries_event_id.
  const { rows } = await sql<{ id: Entry['id'] }>`
    select id from (
      select entry.id, entry.created_at, entry.dest_profile_id, entry.orig_profile_id, owing.amount as owed,
        coalesce(sum(dest_amount) over (
          partition by entry.event_id, dest_unit order by entry.created_at desc, entry.id desc
          rows between unbounded preceding and 1 preceding), 0) as newer
      from unnest(${owing.map((each) => each.event_id)}::text[], ${owing.map((each) => each.unit)}::text[],
        ${owing.map((each) => each.amount)}::bigint[]) as owing (event_id, unit, amount)
      join ledger_entries entry on entry.event_id = owing.event_id and entry.dest_unit = owing.unit
      where orig_account = 'Receivable' and dest_account = 'Payable' and dest_amount > 0 and entry.created_at <= ${at}
    ) orders where newer < owed and dest_profile_id = ${profile_id}
      and ${sellers ? sql`orig_profile_id = any(${[...sellers]}::bigint[])` : sql`true`}
    order by created_at desc, id desc`.execute(reader);
  if (rows.length === 0) return [];
  return reader
    .selectFrom('ledger_entries')
    .selectAll()
    .where(
      'id',
      'in',
      rows.map(({ id }) => id),
    )
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .execute();
}

/** Reads the orders on events, whoever pays for them, newest first. Orders over nothing are left out. */
export async function findOrdersOn(reader: Reader, event_ids: readonly string[], at: Date): Promise<Entry[]> {
  if (event_ids.length === 0) return [];
  // Index: ledger_entries_event_id.
  return reader
    .selectFrom('ledger_entries')
    .selectAll()
    .where('event_id', 'in', [...new Set(event_ids)])
    .where('orig_account', '=', 'Receivable')
    .where('dest_account', '=', 'Payable')
    .where('dest_amount', '>', 0)
    .where('created_at', '<=', at)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .execute();
}

/** What customers still owe a provider, by unit: orders less payments less write-offs. */
export async function outstandingReceivable(
  reader: Reader,
  provider_id: ProfileId,
  scope: { until?: Date } = {},
): Promise<Money[]> {
  const within = scopeCondition(scope);
  // Each half walks its own index: ledger_entries_orig, ledger_entries_dest.
  const { rows } = await sql<Money>`
    select unit, sum(amount) as amount from (
      select orig_unit as unit, case when dest_account = 'Canceled' then -orig_amount else orig_amount end as amount
        from ledger_entries
        where orig_profile_id = ${provider_id} and orig_account = 'Receivable' and ${within}
      union all
      select dest_unit, -dest_amount from ledger_entries
        where dest_profile_id = ${provider_id} and dest_account = 'Receivable' and orig_account = 'Backlog' and ${within}
    ) postings group by unit order by unit`.execute(reader);
  return rows;
}

/** A subscription and who holds it. */
export interface HeldSubscription {
  subscription_id: SubscriptionId;
  profile_id: ProfileId;
}

/**
 * Tells which of these subscriptions have an amount due that their own holder ordered, for periods or for uses. One query for all.
 *
 * Why the holder's own orders only: what somebody else ordered as a gift and did not pay must lock nobody out.
 */
export async function isLocked(
  reader: Reader,
  subscriptions: readonly HeldSubscription[],
): Promise<Set<SubscriptionId>> {
  if (subscriptions.length === 0) return new Set();
  // '0' follows '/' in ASCII, so the range holds what starts with `sub_{id}/`; index: ledger_entries_event_id.
  const { rows } = await sql<{ subscription_id: SubscriptionId }>`
    select distinct subscription_id from (
      select held.id as subscription_id
      from unnest(${subscriptions.map((each) => each.subscription_id)}::bigint[],
        ${subscriptions.map((each) => each.profile_id)}::bigint[]) as held (id, profile_id)
      join ledger_entries entry on entry.event_id ~>=~ ('sub_' || held.id || '/')
        and entry.event_id ~<~ ('sub_' || held.id || '0')
      where dest_account = 'Payable' or orig_account = 'Payable' or ${settles}
      group by held.id, entry.dest_unit
      having sum(case when dest_account = 'Payable' then dest_amount when ${settles} then -dest_amount else 0 end) > 0
        and sum(case when dest_account = 'Payable' and dest_profile_id = held.profile_id then dest_amount
          when orig_account = 'Payable' and orig_profile_id = held.profile_id then -orig_amount else 0 end) > 0
    ) owing`.execute(reader);
  return new Set(rows.map((row) => row.subscription_id));
}

function scopeCondition({ from, until, event_id }: BalanceScope): RawBuilder<unknown> {
  const conditions = [
    sql`true`,
    ...(from === undefined ? [] : [sql`created_at >= ${from}`]),
    ...(until === undefined ? [] : [sql`created_at < ${until}`]),
    ...(event_id === undefined ? [] : [sql`event_id = ${event_id}`]),
  ];
  return sql.join(conditions, sql` and `);
}
