import { sql } from 'kysely';
import type { Reader } from '#platform/db/database';

/** Something in the ledger that cannot be so. `where` names the event or the entry. */
export interface Violation {
  rule: string;
  where: string;
  detail: string;
}

export interface Verification {
  events_count: number;
  entries_count: number;
  /** At most 100 of each rule. */
  violations: Violation[];
}

const EACH_MAX = 100;

/**
 * Checks the whole ledger against what must be true of it, whatever wrote it. The database refuses all of this row by row;
 * a restored backup or a hand with superuser rights may have gone around.
 *
 * Units: a sum over all accounts is zero in each unit, apart from conversions in events of versions that did not balance
 * them (`is_exchange_balanced`). Each rule is one pass over the entries.
 */
export async function verifyLedger(reader: Reader): Promise<Verification> {
  const { rows: counts } = await sql<{ events_count: number; entries_count: number }>`
    select (select count(*) from ledger_events) as events_count, (select count(*) from ledger_entries) as entries_count`.execute(
    reader,
  );
  const violations: Violation[] = [];
  for (const [rule, query] of rules) {
    const { rows } = await query.execute(reader);
    violations.push(...rows.map((row) => ({ rule, ...row })));
  }
  return { events_count: counts[0]?.events_count ?? 0, entries_count: counts[0]?.entries_count ?? 0, violations };
}

type Found = Omit<Violation, 'rule'>;

const balanced = sql`from ledger_entries entry left join ledger_events event on event.id = ledger_event_id
    where orig_unit = dest_unit or is_exchange_balanced`;
const postings = sql`(
  select ledger_event_id, dest_unit as unit, dest_amount as amount ${balanced}
  union all
  select ledger_event_id, orig_unit, -orig_amount ${balanced}
) postings`;

const rules = [
  [
    'all accounts together hold nothing',
    sql<Found>`select unit as "where", 'the sum is ' || sum(amount) as detail from ${postings}
      group by unit having sum(amount) <> 0 order by unit limit ${EACH_MAX}`,
  ],
  [
    'an event balances in each unit',
    sql<Found>`select event.key as "where", 'the sum is ' || sum(amount) || ' ' || unit as detail
      from ${postings} join ledger_events event on event.id = ledger_event_id
      group by event.key, unit having sum(amount) <> 0 order by event.key limit ${EACH_MAX}`,
  ],
  [
    'an event has entries, none missing between',
    sql<Found>`select event.key as "where", count(entry.id) || ' entries, the last at ' || coalesce(max(entry.rank)::text, 'none') as detail
      from ledger_events event left join ledger_entries entry on entry.ledger_event_id = event.id
      group by event.id having count(entry.id) = 0 or max(entry.rank) <> count(entry.id) - 1 or min(entry.rank) <> 0
      order by event.key limit ${EACH_MAX}`,
  ],
  [
    'an entry within one unit moves one amount',
    sql<Found>`select 'entry ' || id as "where", orig_amount || ' → ' || dest_amount || ' ' || orig_unit as detail
      from ledger_entries where orig_unit = dest_unit and orig_amount <> dest_amount order by id limit ${EACH_MAX}`,
  ],
  [
    'an entry moves an amount that is not negative',
    sql<Found>`select 'entry ' || id as "where", orig_amount || ' → ' || dest_amount as detail from ledger_entries
      where orig_amount < 0 or dest_amount < 0 order by id limit ${EACH_MAX}`,
  ],
  [
    'an entry belongs to an event',
    sql<Found>`select 'entry ' || entry.id as "where", 'event ' || ledger_event_id as detail from ledger_entries entry
      left join ledger_events event on event.id = ledger_event_id where event.id is null order by entry.id limit ${EACH_MAX}`,
  ],
] as const;
