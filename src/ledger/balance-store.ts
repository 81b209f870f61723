import { type RawBuilder, sql } from 'kysely';
import type { Money } from '#kernel/money';
import type { ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { type StatementBalance, type SubjectBalance, sumByUnit } from './balance.ts';
import type { AccountName, Entry } from './entry.ts';
import type { LedgerSubject } from './subject.ts';

/** Reads the balance of an account of a profile, by unit: received less sent. Empty when it has no entries. */
export async function findBalance(reader: Reader, profile_id: ProfileId, account: AccountName): Promise<Money[]> {
  // Each half scans its own index: ledger_entries_dest, ledger_entries_orig.
  const { rows } = await sql<Money>`
    select unit, sum(amount) as amount from (
      select dest_unit as unit, dest_amount as amount from ledger_entries
        where dest_profile_id = ${profile_id} and dest_account = ${account}
      union all
      select orig_unit, -orig_amount from ledger_entries
        where orig_profile_id = ${profile_id} and orig_account = ${account}
    ) postings group by unit order by unit`.execute(reader);
  return rows;
}

/** Balance of an account of one profile on one subject, in one unit. */
export interface Holding extends SubjectBalance {
  profile_id: ProfileId;
}

/** Reads the balances of an account on subjects, by subject, profile and unit. */
export async function findHoldings(
  reader: Reader,
  subjects: readonly LedgerSubject[],
  account: AccountName,
): Promise<Holding[]> {
  if (subjects.length === 0) return [];
  // Index: ledger_entries_subject.
  const { rows } = await sql<Holding>`
    select ${subjectJson}, profile_id, unit, sum(amount) as amount from (
      select ${subjectColumns}, dest_profile_id as profile_id, dest_unit as unit, dest_amount as amount
        from ${subjectRows(subjects)} join ledger_entries entry on ${isAboutSubject}
        where dest_account = ${account}
      union all
      select ${subjectColumns}, orig_profile_id, orig_unit, -orig_amount
        from ${subjectRows(subjects)} join ledger_entries entry on ${isAboutSubject}
        where orig_account = ${account}
    ) postings
    group by ${subjectColumns}, profile_id, unit order by ${subjectColumns}, profile_id, unit`.execute(reader);
  return rows;
}

/** Condition on entries that pay or write off part of the amount due on their subject. */
const isSettlement = sql`((orig_account = 'Backlog' and dest_account = 'Receivable')
  or (orig_account = 'Receivable' and dest_account = 'Canceled'))`;

/** Change of the amount due by an entry: an order adds, a payment or a write-off subtracts. */
const amountDue = sql`case when dest_account = 'Payable' then dest_amount else -dest_amount end`;

/**
 * Reads what a profile owes at `at` (inclusive): all orders on the subjects that it ordered, less what was paid or
 * written off on them. Orders and payments of other profiles on these subjects count. Refunds and disputes change
 * nothing. With `sellers`, the subjects of orders from these providers only.
 */
export async function findStatementBalance(
  reader: Reader,
  profile_id: ProfileId,
  at: Date,
  sellers?: readonly ProfileId[] | null,
): Promise<StatementBalance> {
  const of_sellers = sellers ? sql`orig_profile_id = any(${[...sellers]}::bigint[])` : sql`true`;
  // Indexes: ledger_entries_dest finds the subjects, ledger_entries_subject their entries.
  const { rows } = await sql<SubjectBalance>`
    select ${subjectJson}, unit, amount from (
      select ${subjectColumns}, entry.dest_unit as unit, sum(${amountDue}) as amount
      from (
        select distinct subject_kind as kind, subject_id as id, subject_part as part from ledger_entries
        where dest_profile_id = ${profile_id} and dest_account = 'Payable' and created_at <= ${at}
          and subject_kind is not null and ${of_sellers}
      ) subject join ledger_entries entry on ${isAboutSubject}
      where entry.created_at <= ${at} and (dest_account = 'Payable' or ${isSettlement})
      group by ${subjectColumns}, entry.dest_unit
      having sum(${amountDue}) <> 0
    ) owed order by ${subjectColumns}, unit`.execute(reader);
  return { subjects: rows, totals: sumByUnit(rows) };
}

/**
 * Finds the unpaid orders of a profile, newest first: on each subject with an amount due, the newest orders up to that
 * amount, because payments settle the oldest orders first.
 */
export async function findUnpaidOrders(
  reader: Reader,
  profile_id: ProfileId,
  at: Date,
  sellers?: readonly ProfileId[] | null,
): Promise<Entry[]> {
  const { subjects } = await findStatementBalance(reader, profile_id, at, sellers);
  const owing = subjects.filter(({ amount }) => amount > 0);
  if (owing.length === 0) return [];
  // Index: ledger_entries_subject.
  const { rows } = await sql<{ id: Entry['id'] }>`
    select id from (
      select entry.id, entry.created_at, entry.dest_profile_id, entry.orig_profile_id, subject.amount as owed,
        coalesce(sum(dest_amount) over (
          partition by ${subjectColumns}, dest_unit order by entry.created_at desc, entry.id desc
          rows between unbounded preceding and 1 preceding), 0) as newer
      from unnest(${owing.map((each) => each.subject.kind)}::text[], ${owing.map((each) => each.subject.id)}::text[],
        ${owing.map((each) => each.subject.part)}::text[], ${owing.map((each) => each.unit)}::text[],
        ${owing.map((each) => each.amount)}::bigint[]) as subject (kind, id, part, unit, amount)
      join ledger_entries entry on ${isAboutSubject} and entry.dest_unit = subject.unit
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

/** Finds the orders on subjects, from all payers, newest first. Excludes orders of amount 0. */
export async function findSubjectOrders(
  reader: Reader,
  subjects: readonly LedgerSubject[],
  at: Date,
): Promise<Entry[]> {
  if (subjects.length === 0) return [];
  // Index: ledger_entries_subject.
  const { rows } = await sql<Entry>`
    select entry.* from ${subjectRows(subjects)} join ledger_entries entry on ${isAboutSubject}
    where orig_account = 'Receivable' and dest_account = 'Payable' and dest_amount > 0 and created_at <= ${at}
    order by created_at desc, entry.id desc`.execute(reader);
  return rows;
}

/** A subject with all its parts, and its owner: the profile whose orders decide whether the subject owes money. */
export interface OwnedSubject {
  kind: string;
  id: string;
  owner_id: ProfileId;
}

/**
 * Finds the subjects that owe money, in one query: an amount is due on the subject or one of its parts, and the owner
 * ordered part of that amount. The order of `subjects` is kept.
 *
 * Why the owner's orders only: an unpaid gift from another payer must not block the owner.
 */
export async function findOwingSubjects<T extends OwnedSubject>(reader: Reader, subjects: readonly T[]): Promise<T[]> {
  if (subjects.length === 0) return [];
  // Index: ledger_entries_subject.
  const { rows } = await sql<{ place: number }>`
    select distinct place from (
      select subject.place
      from unnest(${subjects.map(({ kind }) => kind)}::text[], ${subjects.map(({ id }) => id)}::text[],
        ${subjects.map(({ owner_id }) => owner_id)}::bigint[]) with ordinality as subject (kind, id, owner_id, place)
      join ledger_entries entry on entry.subject_kind = subject.kind and entry.subject_id = subject.id
      where dest_account = 'Payable' or orig_account = 'Payable' or ${isSettlement}
      group by subject.place, entry.dest_unit
      having sum(case when dest_account = 'Payable' then dest_amount when ${isSettlement} then -dest_amount else 0 end) > 0
        and sum(case when dest_account = 'Payable' and dest_profile_id = subject.owner_id then dest_amount
          when orig_account = 'Payable' and orig_profile_id = subject.owner_id then -orig_amount else 0 end) > 0
    ) owing`.execute(reader);
  const owing = new Set(rows.map(({ place }) => place));
  return subjects.filter((_, index) => owing.has(index + 1));
}

const subjectColumns = sql.raw('subject_kind, subject_id, subject_part');

/** The subject of a row as one value (`LedgerSubject`). */
const subjectJson = sql.raw(
  "json_build_object('kind', subject_kind, 'id', subject_id, 'part', subject_part) as subject",
);

/** Joins a row `entry` to a row `subject`. */
const isAboutSubject = sql.raw(
  'entry.subject_kind = subject.kind and entry.subject_id = subject.id and entry.subject_part is not distinct from subject.part',
);

/** Subjects as the rows of a table `subject`, without duplicates. */
function subjectRows(subjects: readonly LedgerSubject[]): RawBuilder<unknown> {
  return sql`(
    select distinct * from unnest(${subjects.map(({ kind }) => kind)}::text[], ${subjects.map(({ id }) => id)}::text[],
      ${subjects.map(({ part }) => part)}::text[]) as given (kind, id, part)
  ) subject`;
}
