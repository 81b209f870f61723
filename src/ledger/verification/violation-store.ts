import { sql } from 'kysely';
import { type Db, inTransaction, type Reader } from '#platform/db/database';
import { defineCheck, type Finding, FINDINGS_MAX, type LedgerCheck } from '../check.ts';

export async function countLedger(reader: Reader): Promise<{ events_count: number; entries_count: number }> {
  const { rows } = await sql<{ events_count: number; entries_count: number }>`
    select (select count(*) from ledger_events) as events_count,
      (select count(*) from ledger_entries) as entries_count`.execute(reader);
  return rows[0] ?? { events_count: 0, entries_count: 0 };
}

/** Reads in a transaction without a time limit of statements. */
export async function readWithoutLimit<T>(db: Db, read: (reader: Reader) => Promise<T>): Promise<T> {
  return inTransaction(db, async (tx) => {
    await sql`set local statement_timeout = 0`.execute(tx);
    return read(tx);
  });
}

const balancedEntries = sql`from ledger_entries entry left join ledger_events event on event.id = ledger_event_id
    where orig_unit = dest_unit or is_exchange_balanced`;
const postings = sql`(
  select ledger_event_id, dest_unit as unit, dest_amount as amount ${balancedEntries}
  union all
  select ledger_event_id, orig_unit, -orig_amount ${balancedEntries}
) postings`;

/** Rules of single events and entries, and of the projections. Each reads the entries once. */
export const rowChecks: readonly LedgerCheck[] = [
  defineCheck(
    'the balances of all accounts sum to zero in each unit',
    sql<Finding>`select unit as "where", 'the sum is ' || sum(amount) as detail from ${postings}
      group by unit having sum(amount) <> 0 order by unit limit ${FINDINGS_MAX}`,
  ),
  defineCheck(
    'an event balances in each unit',
    sql<Finding>`select event.key as "where", 'the sum is ' || sum(amount) || ' ' || unit as detail
      from ${postings} join ledger_events event on event.id = ledger_event_id
      group by event.key, unit having sum(amount) <> 0 order by event.key limit ${FINDINGS_MAX}`,
  ),
  defineCheck(
    'an event has entries with consecutive ranks from 0',
    sql<Finding>`select event.key as "where",
      count(entry.id) || ' entries, the last at ' || coalesce(max(entry.rank)::text, 'none') as detail
      from ledger_events event left join ledger_entries entry on entry.ledger_event_id = event.id
      group by event.id having count(entry.id) = 0 or max(entry.rank) <> count(entry.id) - 1 or min(entry.rank) <> 0
      order by event.key limit ${FINDINGS_MAX}`,
  ),
  defineCheck(
    'an entry within one unit has equal amounts on both sides',
    sql<Finding>`select 'entry ' || id as "where", orig_amount || ' → ' || dest_amount || ' ' || orig_unit as detail
      from ledger_entries where orig_unit = dest_unit and orig_amount <> dest_amount order by id limit ${FINDINGS_MAX}`,
  ),
  defineCheck(
    'an entry has no negative amount',
    sql<Finding>`select 'entry ' || id as "where", orig_amount || ' → ' || dest_amount as detail from ledger_entries
      where orig_amount < 0 or dest_amount < 0 order by id limit ${FINDINGS_MAX}`,
  ),
  defineCheck(
    'an entry belongs to an event',
    sql<Finding>`select 'entry ' || entry.id as "where", 'event ' || ledger_event_id as detail from ledger_entries entry
      left join ledger_events event on event.id = ledger_event_id where event.id is null order by entry.id limit ${FINDINGS_MAX}`,
  ),
  defineCheck(
    'the balance of an account is the sum of its entries',
    sql<Finding>`select format('profile %s, account %s', profile_id, account) as "where",
      format('the balance is %s, the sum is %s %s', coalesce(balance.amounts, 'missing'), coalesce(sums.amounts, 'missing'),
        unit) as detail
      from (
        select profile_id, account, unit, amount::text as amounts from ledger_account_sums
      ) sums full join (
        select profile_id, account, unit, sum(amount)::text as amounts from ledger_balances
        group by profile_id, account, unit
      ) balance using (profile_id, account, unit)
      where sums.amounts is distinct from balance.amounts order by profile_id, account, unit limit ${FINDINGS_MAX}`,
  ),
  defineCheck(
    'the amounts due and payable on a subject are the sums of its entries',
    sql<Finding>`select format('subject, unit, payer: %s', key) as "where",
      format('the balance is %s, the sum is %s', coalesce(balance.facts, 'missing'), coalesce(sums.facts, 'missing'))
        as detail
      from (
        select (subject_kind, subject_id, subject_part, unit, profile_id)::text as key,
          (amount, ordered_at, settled_at, open_until)::text as facts from ledger_subject_sums
      ) sums full join (
        select (subject_kind, subject_id, subject_part, unit, profile_id)::text as key,
          (amount, ordered_at, settled_at, open_until)::text as facts from ledger_subject_balances
      ) balance using (key)
      where sums.facts is distinct from balance.facts order by key limit ${FINDINGS_MAX}`,
  ),
  defineCheck(
    'what income of a subject is taken from is the sum of its entries',
    sql<Finding>`select format('subject, unit: %s', key) as "where",
      format('the sums are %s, those of the entries %s', coalesce(kept.facts, 'missing'), coalesce(sums.facts, 'missing'))
        as detail
      from (
        select (subject_kind, subject_id, subject_part, unit)::text as key, to_jsonb(sub)::text as facts
        from ledger_subject_income_sums sub
      ) sums full join (
        select (subject_kind, subject_id, subject_part, unit)::text as key, to_jsonb(sub)::text as facts
        from ledger_subject_incomes sub
      ) kept using (key)
      where sums.facts is distinct from kept.facts order by key limit ${FINDINGS_MAX}`,
  ),
  defineCheck(
    'the totals of the lists are the sums of their entries',
    sql<Finding>`select name as "where", 'the total is ' || found || ', the sum is ' || expected as detail
      from ledger_profile_total_errors() limit ${FINDINGS_MAX}`,
  ),
  defineCheck(
    'the figures of the reports are the sums of their entries',
    sql<Finding>`select name as "where", 'the figure is ' || found || ', the sum is ' || expected as detail
      from metric_errors() limit ${FINDINGS_MAX}`,
  ),
  defineCheck(
    'the totals of all entries are the sums of the entries',
    sql<Finding>`select format('%s → %s, %s → %s', orig_account, dest_account, orig_unit, dest_unit) as "where",
      format('the total is %s, the sum is %s', coalesce(total.facts, 'missing'), coalesce(sums.facts, 'missing')) as detail
      from (
        select orig_account, dest_account, orig_unit, dest_unit,
          (count(*), sum(orig_amount), sum(dest_amount))::text as facts
        from ledger_entries where id <= totalled_until('ledger_entries')
        group by orig_account, dest_account, orig_unit, dest_unit
      ) sums full join (
        select orig_account, dest_account, orig_unit, dest_unit, (rows_count, orig_amount, dest_amount)::text as facts
        from ledger_entry_totals
      ) total using (orig_account, dest_account, orig_unit, dest_unit)
      where sums.facts is distinct from total.facts order by 1 limit ${FINDINGS_MAX}`,
  ),
];
