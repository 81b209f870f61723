import assert from 'node:assert/strict';
import { type RawBuilder, sql, type SqlBool } from 'kysely';
import type { Money } from '#kernel/money';
import type { ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { executeFragment, fragment, type Fragment, verbatimFragment } from '#platform/db/fragment';
import { type StatementBalance, type SubjectBalance, sumByUnit } from './balance.ts';
import { type AccountName, accounts, type Entry } from './entry.ts';
import type { LedgerSubject } from './subject.ts';

/** Reads the balance of an account of a profile, by unit: received less sent. Empty when it has no entries. */
export async function findBalance(reader: Reader, profile_id: ProfileId, account: AccountName): Promise<Money[]> {
  const { rows } = await selectBalance(profile_id, account).execute(reader);
  return rows;
}

/** Selects what `findBalance` reads, as a part of another statement. */
export function selectBalance(profile_id: ProfileId, account: AccountName): RawBuilder<Money> {
  // Index: ledger_balances_account. The number of stripes does not depend on the number of entries.
  return sql<Money>`
    select unit, sum(amount) as amount from ledger_balances
    where profile_id = ${profile_id} and account = ${account} group by unit order by unit`;
}

/** Payable of one profile on one subject, in one unit. */
export interface Holding extends SubjectBalance {
  profile_id: ProfileId;
}

/**
 * Reads the balances of an account on subjects, by subject, profile and unit. Only Payable is kept by subject.
 */
export async function findHoldings(
  reader: Reader,
  subjects: readonly LedgerSubject[],
  account: typeof accounts.payable,
): Promise<Holding[]> {
  assert.equal(account, accounts.payable);
  if (subjects.length === 0) return [];
  // Index: unique key of ledger_subject_balances.
  return executeFragment(
    reader,
    fragment<Holding>`
    select ${subjectJson}, profile_id, unit, amount
    from ${subjectRows(subjects)} join ledger_subject_balances entry on ${isAboutSubject}
    where profile_id is not null order by ${subjectColumns}, profile_id, unit`,
  );
}

/** Statement that reads the Payable of all profiles on the subjects `(kind, id)` of a query, with all their parts. */
export function holdingsOn(subjects: Fragment): { query: Fragment; read(rows: readonly object[]): Holding[] } {
  // Index: unique key of ledger_subject_balances.
  const query = fragment`select ${subjectJson}, profile_id, unit, amount
    from (select distinct * from (${subjects}) given) subject
    join ledger_subject_balances entry on entry.subject_kind = subject.kind and entry.subject_id = subject.id
    where profile_id is not null`;
  return { query, read: (rows) => rows as Holding[] }; // the columns of the query
}

/** Reads the amounts due on subjects, from all payers; excludes 0. Index: unique key of ledger_subject_balances. */
export async function findAmountsDue(reader: Reader, subjects: readonly LedgerSubject[]): Promise<SubjectBalance[]> {
  if (subjects.length === 0) return [];
  return executeFragment(
    reader,
    fragment<SubjectBalance>`
    select ${subjectJson}, unit, amount
    from ${subjectRows(subjects)} join ledger_subject_balances entry on ${isAboutSubject}
    where profile_id is null and amount <> 0 order by ${subjectColumns}, unit`,
  );
}

/** Condition on entries that pay, write off or take back part of the amount due on their subject. */
const isSettlement = fragment`((orig_account = 'Backlog' and dest_account = 'Receivable')
  or (orig_account = 'Receivable' and dest_account = 'Canceled')
  or (orig_account = 'Payable' and dest_account = 'Receivable'))`;

/**
 * Condition on orders `entry` that a payment may settle. The event of an imported sale has its payment, so that the
 * sale is never due.
 */
export const isNotImported = sql<SqlBool>`not exists (
  select from ledger_events event where event.id = entry.ledger_event_id and event.kind = 'import')`;

/** Change of the amount due by an entry: an order adds, a payment or a write-off subtracts. */
const amountDue = fragment`case when dest_account = 'Payable' then dest_amount else -dest_amount end`;

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
  const { query, read } = statementBalance(profile_id, at, sellers);
  return read(await executeFragment(reader, query));
}

/** Part that reads what a profile owes, like `findStatementBalance`. */
export function statementBalance(
  profile_id: ProfileId,
  at: Date,
  sellers?: readonly ProfileId[] | null,
): { query: Fragment<SubjectBalance>; read(rows: readonly object[]): StatementBalance } {
  const query = fragment<SubjectBalance>`
    with due as ${amountsDue(profile_id, at, sellers)}
    select ${subjectJson}, unit, amount from due order by ${subjectColumns}, unit`;
  return {
    query,
    read(rows) {
      const subjects = rows as SubjectBalance[]; // the columns of the query, which have no instants
      return { subjects, totals: sumByUnit(subjects) };
    },
  };
}

/**
 * Query of the amounts due from a profile at `at`, by subject and unit, in parentheses; excludes 0.
 *
 * The projection has the amounts due after all entries, also future ones. Entries after `at` are subtracted, so that
 * the result is exact for each instant; they are few when `at` is recent. Subjects on which nothing is due are not
 * read.
 */
function amountsDue(profile_id: ProfileId, at: Date, sellers?: readonly ProfileId[] | null): Fragment {
  // Index: ledger_entries_subject.
  const of_sellers = sellers
    ? fragment`exists (select from ledger_entries entry where ${isAboutSubject} and created_at <= ${at}
        and dest_profile_id = ${profile_id} and dest_account = 'Payable' and orig_profile_id = any(${[...sellers]}::bigint[]))`
    : fragment`true`;
  // Indexes: ledger_subject_balances_open finds the subjects, the unique key of that table their amounts due,
  // ledger_entries_subject the entries after `at`.
  return fragment`(
    select ${subjectColumns}, unit, sum(amount) as amount
    from (
      select distinct subject_kind as kind, subject_id as id, subject_part as part from ledger_subject_balances
      where profile_id = ${profile_id} and open_until > ${at} and ordered_at <= ${at}
    ) subject cross join lateral (
      select ${subjectColumns}, unit, amount from ledger_subject_balances entry
        where ${isAboutSubject} and profile_id is null
      union all
      select ${subjectColumns}, dest_unit, -(${amountDue}) from ledger_entries entry
        where ${isAboutSubject} and created_at > ${at} and (dest_account = 'Payable' or ${isSettlement})
    ) part
    where ${of_sellers}
    group by ${subjectColumns}, unit having sum(amount) <> 0
  )`;
}

/** A profile with the subjects on which its orders owe money. */
export interface OwingProfile {
  profile_id: ProfileId;
  subjects: LedgerSubject[];
}

/**
 * Finds profiles that ordered on a subject of a subscription on which an amount is due, by id, with these subjects.
 * Index: ledger_subject_balances_open.
 */
export async function findOwingProfiles(
  reader: Reader,
  after: ProfileId | null,
  limit: number,
): Promise<OwingProfile[]> {
  return executeFragment(
    reader,
    fragment<OwingProfile>`with owing as (
      select distinct profile_id from ledger_subject_balances
      where profile_id > ${after ?? 0} and open_until = 'infinity' and ordered_at is not null and subject_kind = 'sub'
      order by profile_id limit ${limit}
    )
    select profile_id, json_agg(json_build_object('kind', subject_kind, 'id', subject_id, 'part', subject_part)) as subjects
    from owing join ledger_subject_balances using (profile_id)
    where open_until = 'infinity' and ordered_at is not null and subject_kind = 'sub'
    group by profile_id order by profile_id`,
  );
}

/** As `findOwingProfiles`, for given profiles. Index: ledger_subject_balances_open. */
export async function findOwedSubjects(reader: Reader, profile_ids: readonly ProfileId[]): Promise<OwingProfile[]> {
  if (profile_ids.length === 0) return [];
  return executeFragment(
    reader,
    fragment<OwingProfile>`select profile_id,
      json_agg(json_build_object('kind', subject_kind, 'id', subject_id, 'part', subject_part)) as subjects
    from ledger_subject_balances
    where profile_id = any(${[...profile_ids]}::bigint[]) and open_until = 'infinity' and ordered_at is not null
      and subject_kind = 'sub'
    group by profile_id order by profile_id`,
  );
}

/** Matches rows of `selectEntries` that are unpaid orders of a profile (`selectUnpaidOrders`). */
export const matchUnpaid = (profile_id: ProfileId, at: Date, sellers?: readonly ProfileId[] | null) =>
  sql<SqlBool>`entry.id in (select unpaid_order.id from (${selectUnpaidOrders(profile_id, at, sellers)}) unpaid_order)`;

/**
 * Selects the unpaid orders of a profile, as `entry` and in no order: on each subject with an amount due, the newest
 * orders up to that amount, because payments settle the oldest orders first.
 */
export function selectUnpaidOrders(
  profile_id: ProfileId,
  at: Date,
  sellers?: readonly ProfileId[] | null,
): RawBuilder<unknown> {
  // Index: ledger_entries_subject, read from the newest entry until the orders add up to the amount due.
  const newest = (owed: string, bound: RawBuilder<unknown>) => sql`(
    select id, created_at, dest_amount from ledger_entries entry
    where (subject_kind, subject_id) = (${sql.ref(`${owed}.subject_kind`)}, ${sql.ref(`${owed}.subject_id`)})
      and subject_part is not distinct from ${sql.ref(`${owed}.subject_part`)} and dest_unit = ${sql.ref(`${owed}.unit`)}
      and orig_account = 'Receivable' and dest_account = 'Payable' and dest_amount > 0 and ${bound} and ${isNotImported}
    order by created_at desc, id desc limit 1)`;
  return sql`
    with recursive due as ${amountsDue(profile_id, at, sellers)}, unpaid as (
      select ${subjectColumns}, unit, amount, newest.*
      from due cross join lateral ${newest('due', sql`created_at <= ${at}`)} newest where amount > 0
      union all
      select ${subjectColumns}, unit, amount - unpaid.dest_amount, older.*
      from unpaid cross join lateral
        ${newest('unpaid', sql`(created_at, id) < (unpaid.created_at, unpaid.id)`)} older
      where amount > unpaid.dest_amount
    )
    select entry.* from ledger_entries entry
    where id = any(array(select id from unpaid)) and dest_profile_id = ${profile_id} and ${sellers ? sql`orig_profile_id = any(${[...sellers]}::bigint[])` : sql`true`}`;
}

/**
 * Finds the orders on subjects, from all payers, newest first. Excludes orders of amount 0, and imported sales, which
 * were paid when they were posted.
 */
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
      and ${isNotImported}
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
  // Index: unique key of ledger_subject_balances.
  const { rows } = await sql<{ place: number }>`
    select distinct place from (
      select subject.place
      from unnest(${subjects.map(({ kind }) => kind)}::text[], ${subjects.map(({ id }) => id)}::text[],
        ${subjects.map(({ owner_id }) => owner_id)}::bigint[]) with ordinality as subject (kind, id, owner_id, place)
      join ledger_subject_balances balance
        on balance.subject_kind = subject.kind and balance.subject_id = subject.id
      group by subject.place, unit
      having sum(amount) filter (where profile_id is null) > 0
        and sum(amount) filter (where profile_id = subject.owner_id) > 0
    ) owing`.execute(reader);
  const owing = new Set(rows.map(({ place }) => place));
  return subjects.filter((_, index) => owing.has(index + 1));
}

const subjectColumns = verbatimFragment('subject_kind, subject_id, subject_part');

/** The subject of a row as one value (`LedgerSubject`). */
const subjectJson = verbatimFragment(
  "json_build_object('kind', subject_kind, 'id', subject_id, 'part', subject_part) as subject",
);

/** Joins a row `entry` to a row `subject`. */
export const isAboutSubject = verbatimFragment(
  'entry.subject_kind = subject.kind and entry.subject_id = subject.id and entry.subject_part is not distinct from subject.part',
);

/** Subjects as the rows of a table `subject`, without duplicates. */
export function subjectRows(subjects: readonly LedgerSubject[]): Fragment {
  return fragment`(
    select distinct * from unnest(${subjects.map(({ kind }) => kind)}::text[], ${subjects.map(({ id }) => id)}::text[],
      ${subjects.map(({ part }) => part)}::text[]) as given (kind, id, part)
  ) subject`;
}
