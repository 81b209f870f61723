import { sql } from 'kysely';
import type { Reader } from '#platform/db/database';

/** A row that breaks a rule. `where` names the event or the entry. */
export interface Found {
  where: string;
  detail: string;
}

/** Violations that are reported of each rule. */
const EACH_MAX = 100;

export async function countLedger(reader: Reader): Promise<{ events_count: number; entries_count: number }> {
  const { rows } = await sql<{ events_count: number; entries_count: number }>`
    select (select count(*) from ledger_events) as events_count,
      (select count(*) from ledger_entries) as entries_count`.execute(reader);
  return rows[0] ?? { events_count: 0, entries_count: 0 };
}

/** Finds violations of each rule, with one pass over the entries per rule. */
export async function findViolations(reader: Reader): Promise<(Found & { rule: string })[]> {
  const violations: (Found & { rule: string })[] = [];
  for (const [rule, query] of rules) {
    const { rows } = await query.execute(reader);
    violations.push(...rows.map((row) => ({ rule, ...row })));
  }
  return violations;
}

const balancedEntries = sql`from ledger_entries entry left join ledger_events event on event.id = ledger_event_id
    where orig_unit = dest_unit or is_exchange_balanced`;
const postings = sql`(
  select ledger_event_id, dest_unit as unit, dest_amount as amount ${balancedEntries}
  union all
  select ledger_event_id, orig_unit, -orig_amount ${balancedEntries}
) postings`;

const rules = [
  [
    'the balances of all accounts sum to zero in each unit',
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
    'an event has entries with consecutive ranks from 0',
    sql<Found>`select event.key as "where",
      count(entry.id) || ' entries, the last at ' || coalesce(max(entry.rank)::text, 'none') as detail
      from ledger_events event left join ledger_entries entry on entry.ledger_event_id = event.id
      group by event.id having count(entry.id) = 0 or max(entry.rank) <> count(entry.id) - 1 or min(entry.rank) <> 0
      order by event.key limit ${EACH_MAX}`,
  ],
  [
    'an entry within one unit has equal amounts on both sides',
    sql<Found>`select 'entry ' || id as "where", orig_amount || ' → ' || dest_amount || ' ' || orig_unit as detail
      from ledger_entries where orig_unit = dest_unit and orig_amount <> dest_amount order by id limit ${EACH_MAX}`,
  ],
  [
    'an entry has no negative amount',
    sql<Found>`select 'entry ' || id as "where", orig_amount || ' → ' || dest_amount as detail from ledger_entries
      where orig_amount < 0 or dest_amount < 0 order by id limit ${EACH_MAX}`,
  ],
  [
    'an entry belongs to an event',
    sql<Found>`select 'entry ' || entry.id as "where", 'event ' || ledger_event_id as detail from ledger_entries entry
      left join ledger_events event on event.id = ledger_event_id where event.id is null order by entry.id limit ${EACH_MAX}`,
  ],
  [
    'the balance of an account is the sum of its entries',
    sql<Found>`select format('profile %s, account %s', profile_id, account) as "where",
      format('the balance is %s, the sum is %s %s', coalesce(balance.amounts, 'missing'), coalesce(sums.amounts, 'missing'),
        unit) as detail
      from (
        select profile_id, account, unit, amount::text as amounts from ledger_account_sums
      ) sums full join (
        select profile_id, account, unit, sum(amount)::text as amounts from ledger_balances
        group by profile_id, account, unit
      ) balance using (profile_id, account, unit)
      where sums.amounts is distinct from balance.amounts order by profile_id, account, unit limit ${EACH_MAX}`,
  ],
  [
    'the amounts due and payable on a subject are the sums of its entries',
    sql<Found>`select format('subject, unit, payer: %s', key) as "where",
      format('the balance is %s, the sum is %s', coalesce(balance.facts, 'missing'), coalesce(sums.facts, 'missing'))
        as detail
      from (
        select (subject_kind, subject_id, subject_part, unit, profile_id)::text as key,
          (amount, ordered_at, settled_at, open_until)::text as facts from ledger_subject_sums
      ) sums full join (
        select (subject_kind, subject_id, subject_part, unit, profile_id)::text as key,
          (amount, ordered_at, settled_at, open_until)::text as facts from ledger_subject_balances
      ) balance using (key)
      where sums.facts is distinct from balance.facts order by key limit ${EACH_MAX}`,
  ],
] as const;
