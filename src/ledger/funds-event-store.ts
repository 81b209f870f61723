import { sql } from 'kysely';
import type { LedgerEventId, ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';

/** Kinds of events that the balance at a payment processor shows too. */
const FUNDS_KINDS = [
  'charge',
  'dispute',
  'dispute_reverted',
  'orphan',
  'orphan_refund',
  'orphan_refund_failed',
  'payout',
  'payout_failed',
  'processor_fee',
  'refund',
  'refund_failed',
] as const;

/** What an event changed in the Funds of a profile. */
export interface FundsEffect {
  profile_id: ProfileId;
  unit: string;
  amount: number;
}

/** An event that moves Funds. */
export interface FundsEvent {
  id: LedgerEventId;
  key: string;
  kind: string;
  /** Key of the receipt: of the event itself, or of the one that it reverses. */
  receipt_key: string | null;
  created_at: Date;
  effects: FundsEffect[];
}

/** Span of instants: `from` inclusive, `to` exclusive. */
interface Span {
  from: Date;
  to: Date;
}

const inSpan = ({ from, to }: Span) => sql<boolean>`event.kind in (${sql.join(FUNDS_KINDS)})
  and event.created_at >= ${from} and event.created_at < ${to}`;

/** Finds events of a span that move Funds, in the order of their instants, after `last` (exclusive). */
export async function findFundsEvents(
  reader: Reader,
  span: Span,
  last: Pick<FundsEvent, 'created_at' | 'id'> | null,
  limit: number,
): Promise<FundsEvent[]> {
  const after = last === null ? sql`true` : sql`(event.created_at, event.id) > (${last.created_at}, ${last.id})`;
  // Index: ledger_events_funds.
  return read(reader, sql`${inSpan(span)} and ${after} order by event.created_at, event.id limit ${limit}`);
}

/** Finds events by their keys. Index: unique key of ledger_events. */
export async function findFundsEventsByKeys(reader: Reader, keys: readonly string[]): Promise<Map<string, FundsEvent>> {
  if (keys.length === 0) return new Map();
  const events = await read(reader, sql`event.key = any(${[...keys]}::text[])`);
  return new Map(events.map((event) => [event.key, event]));
}

async function read(reader: Reader, condition: ReturnType<typeof sql>): Promise<FundsEvent[]> {
  const { rows } = await sql<FundsEvent>`
    select event.id, event.key, event.kind, event.created_at, coalesce(event.receipt_key, reversed.receipt_key) as receipt_key,
      coalesce((
        select json_agg(effect) from (
          select posting.profile_id, posting.unit, sum(posting.amount) as amount
          from ledger_entries entry cross join lateral (values
            (orig_profile_id, orig_unit, -orig_amount, orig_account = 'Funds'),
            (dest_profile_id, dest_unit, dest_amount, dest_account = 'Funds')
          ) as posting (profile_id, unit, amount, is_counted)
          where entry.ledger_event_id = event.id and posting.is_counted
          group by posting.profile_id, posting.unit
        ) effect
      ), '[]') as effects
    from (select * from ledger_events event where ${condition}) event
      left join ledger_events reversed on event.receipt_key is null
        and reversed.key = regexp_replace(event.key, ':(reverted|failed)$', '') and reversed.key <> event.key
    order by event.created_at, event.id`.execute(reader);
  return rows;
}

/** Counts the events of a span that move Funds. */
export async function countFundsEvents(reader: Reader, span: Span): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from ledger_events event where ${inSpan(span)}`.execute(reader);
  return rows[0]?.count ?? 0;
}

/**
 * Returns the end of a part of a span with about `limit` events: a whole second, because processors count in seconds.
 * The part has at least a second, so that equal instants stay together.
 */
export async function findFundsSpanEnd(reader: Reader, span: Span, limit: number): Promise<Date> {
  const { rows } = await sql<{ created_at: Date }>`
    select event.created_at from ledger_events event where ${inSpan(span)}
    order by event.created_at, event.id offset ${limit} limit 1`.execute(reader);
  const at = rows[0]?.created_at;
  if (at === undefined) return span.to;
  const end_ms = Math.max(Math.floor(at.getTime() / 1000) * 1000, Math.floor(span.from.getTime() / 1000) * 1000 + 1000);
  return new Date(Math.min(end_ms, span.to.getTime()));
}

/** Finds the profiles with Funds that are not zero, by id, with an id above `after`. */
export async function findFundsOwners(reader: Reader, after: ProfileId | null, limit: number): Promise<FundsEffect[]> {
  // Index: ledger_balances_account.
  const { rows } = await sql<FundsEffect>`
    select profile_id, unit, sum(amount) as amount from ledger_balances
    where account = 'Funds' and profile_id > ${after ?? 0} and profile_id in (
      select distinct profile_id from ledger_balances where account = 'Funds' and profile_id > ${after ?? 0}
      order by profile_id limit ${limit}
    )
    group by profile_id, unit order by profile_id, unit`.execute(reader);
  return rows;
}
