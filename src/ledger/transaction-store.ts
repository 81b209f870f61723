import { type Expression, type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Money } from '#kernel/money';
import type { ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { defineList } from '#platform/db/list';
import type { TextMatch } from '#platform/lists/list-search';
import { selectNamedProfiles, selectProfileNames } from '#profiles';

const searchColumns = {
  description: 'entry.description',
  orig_profile: 'orig.slug',
  orig_profile__full_name: 'orig.full_name',
  dest_profile: 'dest.slug',
  dest_profile__full_name: 'dest.full_name',
} as const;
const sortColumns = {
  ...searchColumns,
  // The first 200 characters: ledger_entries_description.
  description: sql`left(entry.description, 200)`,
  amount: 'entry.dest_amount',
  orig_amount: 'entry.orig_amount',
  dest_amount: 'entry.dest_amount',
  orig_account: 'entry.orig_account',
  dest_account: 'entry.dest_account',
  created_at: 'entry.created_at',
  date: 'entry.created_at',
} as const;

/** Names that every list of transactions accepts in `q_f` and `o`. */
export const transactionFields = { search: searchColumns, sort: sortColumns };

/** Orders of the lists of one subscriber: a search reads the entries of the subscriber, not its candidates. */
export const newestFirst = transactionsBy(true);
export const oldestFirst = transactionsBy(false);

function transactionsBy(descending: boolean) {
  return defineList({
    search: searchColumns,
    sort: sortColumns,
    default_order: [{ column: 'entry.created_at', descending }],
    tie_breaker: 'entry.id',
    date: 'entry.created_at',
  });
}

/** Index: ledger_entries_text. */
function candidates(matches: TextMatch): RawBuilder<unknown> {
  const named = selectNamedProfiles(matches);
  return sql`select ledger_entries.id from ledger_entries where ${matches(sql`ledger_entries.description`)}
    union all select ledger_entries.id from ledger_entries where ledger_entries.orig_profile_id in (${named})
    union all select ledger_entries.id from ledger_entries where ledger_entries.dest_profile_id in (${named})`;
}

/** The order of lists of entries of many profiles. */
export const manyOldestFirst = { ...oldestFirst, candidates } as const;

/** Selects all entries, joined to both profiles so that a list can search and sort by their names. */
export function selectEntries(reader: Reader) {
  return reader
    .selectFrom('ledger_entries as entry')
    .leftJoin(selectProfileNames(reader).as('orig'), 'orig.id', 'entry.orig_profile_id')
    .leftJoin(selectProfileNames(reader).as('dest'), 'dest.id', 'entry.dest_profile_id')
    .selectAll('entry');
}

/** A query of `selectEntries`, with further conditions. */
export type SelectedEntries = ReturnType<typeof selectEntries>;

/** Condition on rows of `selectEntries`. */
export type EntryFilter = Expression<SqlBool>;

/**
 * Matches the history of a subscriber: orders, charges, credit used, payments elsewhere, write-offs, credit notes,
 * refunds, and disputes with their wins. With `sellers`, only entries that involve one of them.
 */
export const matchHistory = (profile_id: ProfileId, sellers?: readonly ProfileId[] | null): EntryFilter =>
  // Indexes: ledger_entries_dest, ledger_entries_orig.
  sql<SqlBool>`((entry.dest_profile_id = ${profile_id} and entry.dest_account in ('Payable', 'Liability', 'Refunded')
      and (entry.dest_account <> 'Refunded' or entry.orig_account = 'Chargeback'))
    or (entry.orig_profile_id = ${profile_id} and entry.orig_account in ('Liability', 'Refunded', 'Payable')))
    and (entry.orig_account <> 'Payable' or entry.dest_account = 'Receivable')
    and (entry.orig_account, entry.dest_account) <> ('Liability', 'Payable')
    and ${sellers ? matchSellers(sellers) : sql`true`}`;

/**
 * Matches entries between the viewer and a seller, and payments of events that settle lines of these sellers only.
 * A payment for lines of other sellers too is excluded: its amount would disclose their part.
 */
const matchSellers = (sellers: readonly ProfileId[]): EntryFilter => {
  const ids = sql`${[...sellers]}::bigint[]`;
  // Index: ledger_entries_ledger_event_id.
  const settled = sql`select from ledger_entries line where line.ledger_event_id = entry.ledger_event_id
    and line.dest_account = 'Receivable'`;
  return sql<SqlBool>`(entry.orig_profile_id = any(${ids}) or entry.dest_profile_id = any(${ids})
    or (exists (${settled} and line.dest_profile_id = any(${ids}))
      and not exists (${settled} and line.dest_profile_id <> all(${ids}))))`;
};

/**
 * Matches the sales of a provider, paid or not, and the imported sales that were taken back. Excludes write-offs,
 * payments taken back, credit notes and orders of amount 0.
 */
export const matchSales = (profile_id: ProfileId): EntryFilter =>
  sql<SqlBool>`(${matchSold(profile_id)} or ${matchReversedSales(profile_id)})`;

/** Matches the sales of a provider, paid or not. Index: ledger_entries_orig. */
export const matchSold = (profile_id: ProfileId): RawBuilder<SqlBool> =>
  sql<SqlBool>`(entry.orig_profile_id = ${profile_id} and entry.orig_account = 'Receivable'
    and entry.dest_account not in ('Canceled', 'Backlog') and entry.orig_amount > 0)`;

/** Matches the imported sales of a provider that were taken back. Index: ledger_entries_taken_back. */
export const matchReversedSales = (profile_id: ProfileId): RawBuilder<SqlBool> =>
  sql<SqlBool>`(entry.dest_profile_id = ${profile_id} and entry.orig_account = 'Payable'
    and entry.dest_account = 'Receivable' and exists (
      select from ledger_events event where event.id = entry.ledger_event_id and event.kind = 'reversal'))`;

/** Matches the entries from or to the funds of a provider. */
export const matchFunds = (profile_id: ProfileId): EntryFilter =>
  sql<SqlBool>`(${matchSent(profile_id)} or ${matchReceived(profile_id)})`;

/** Matches the entries from the funds of a provider. Index: ledger_entries_orig. */
export const matchSent = (profile_id: ProfileId): RawBuilder<SqlBool> =>
  sql<SqlBool>`(entry.orig_profile_id = ${profile_id} and entry.orig_account = 'Funds')`;

/** Matches the entries to the funds of a provider. Index: ledger_entries_dest. */
export const matchReceived = (profile_id: ProfileId): RawBuilder<SqlBool> =>
  sql<SqlBool>`(entry.dest_profile_id = ${profile_id} and entry.dest_account = 'Funds')`;

/** Matches entries with an account whose name contains `selector`, ignoring case. */
export const matchAccounts = (selector: string): EntryFilter =>
  selector === '' ? sql<SqlBool>`true` : matchEitherAccount(selector);

const matchEitherAccount = (selector: string): EntryFilter =>
  sql<SqlBool>`(${matchAccount('orig_account', selector)} or ${matchAccount('dest_account', selector)})`;

const matchAccount = (side: 'orig_account' | 'dest_account', selector: string): EntryFilter =>
  sql<SqlBool>`position(lower(${selector}) in lower(${sql.ref(side)})) > 0`;

/** A sum of amounts in one unit, with the number of the entries to an account in this unit. */
export interface EntriesSum extends Money {
  rows_count: number;
}

/** Selects the sums of sales by unit, less those that were taken back. */
export function selectSalesSum(entries: Expression<unknown>): RawBuilder<EntriesSum> {
  return selectSums(entries, {
    added: { orig: sql<SqlBool>`orig_account = 'Receivable'` },
    subtracted: { dest: sql<SqlBool>`dest_account = 'Receivable'` },
  });
}

/** Selects what the funds of a provider received less what they sent, by unit. */
export function selectFundsSum(entries: Expression<unknown>, profile_id: ProfileId): RawBuilder<EntriesSum> {
  return selectSums(entries, {
    added: { dest: sql<SqlBool>`dest_profile_id = ${profile_id} and dest_account = 'Funds'` },
    subtracted: { orig: sql<SqlBool>`orig_profile_id = ${profile_id} and orig_account = 'Funds'` },
  });
}

/** Lists of a profile whose entries are counted and summed by totals (`ledger_profile_postings`). */
export type TotalledList = 'sales' | 'funds' | 'history';

/** The postings of a list before an instant: those of the totals and those since then, less the later ones. */
function profileTotalsUntil(profile_id: ProfileId, list: TotalledList, until: Date): RawBuilder<unknown> {
  const of_list = sql`profile_id = ${profile_id} and list = ${list}`;
  // Indexes: ledger_entries_pkey, ledger_entries_created_at. Both ends, as the server expects few rows of a range only.
  return sql`(
    select unit, rows_count, sides_count, amount from ledger_profile_totals where ${of_list}
    union all
    select unit, rows_count, 1, amount from ledger_profile_postings
      where id between (select totalled_until('ledger_entries') + 1) and (select max(id) from ledger_entries) and ${of_list}
    union all
    select unit, -rows_count, -1, -amount from ledger_profile_postings where created_at >= ${until} and ${of_list}
  ) as posting`;
}

/** Selects the number of the entries of a list of a profile before an instant, without reading them. */
export function selectProfileCount(
  profile_id: ProfileId,
  list: TotalledList,
  until: Date,
): RawBuilder<{ count: number }> {
  return sql<{ count: number }>`select coalesce(sum(rows_count), 0)::bigint as count
    from ${profileTotalsUntil(profile_id, list, until)}`;
}

/** As `sumSales` and `sumFunds`, for all entries before an instant, without reading them. */
export async function sumProfileUntil(
  reader: Reader,
  profile_id: ProfileId,
  list: TotalledList,
  until: Date,
): Promise<Money[]> {
  const { rows } = await sql<Money>`select unit, sum(amount)::bigint as amount
    from ${profileTotalsUntil(profile_id, list, until)}
    group by unit having sum(sides_count) > 0 order by unit`.execute(reader);
  return rows;
}

/**
 * The entries before an instant by accounts and units: those of the totals and those since then, less the later ones.
 */
function totalsUntil(until: Date): RawBuilder<unknown> {
  const later = sql`orig_account, dest_account, orig_unit, dest_unit`;
  // Indexes: ledger_entries_pkey, ledger_entries_created_at. Both ends, as the server expects few rows of a range only.
  return sql`(
    select ${later}, rows_count, orig_amount, dest_amount from ledger_entry_totals
    union all
    select ${later}, count(*), sum(orig_amount), sum(dest_amount) from ledger_entries
      where id between (select totalled_until('ledger_entries') + 1) and (select max(id) from ledger_entries) group by ${later}
    union all
    select ${later}, -count(*), -sum(orig_amount), -sum(dest_amount) from ledger_entries
      where created_at >= ${until} group by ${later}
  )`;
}

/** Selects the number of the entries before an instant that `matchAccounts` matches, without reading them. */
export function selectAccountsCount(selector: string, until: Date): RawBuilder<{ count: number }> {
  return sql<{ count: number }>`select coalesce(sum(entry.rows_count), 0) as count from ${totalsUntil(until)} as entry
    where ${matchAccounts(selector)}`;
}

/** As `selectAccountsSum`, for all entries before an instant, without reading them. */
export async function sumAccountsUntil(reader: Reader, selector: string, until: Date): Promise<Money[]> {
  const rows = sql`(select * from ${totalsUntil(until)} as entry where ${matchAccounts(selector)})`;
  return toMoney((await selectAccountsSum(rows, selector).execute(reader)).rows);
}

/** Selects what the accounts of `matchAccounts` received less what they sent, by unit. */
export function selectAccountsSum(entries: Expression<unknown>, selector: string): RawBuilder<EntriesSum> {
  return selectSums(entries, {
    added: { dest: matchAccount('dest_account', selector) },
    subtracted: { orig: matchAccount('orig_account', selector) },
  });
}

/** Returns the sums without their numbers of entries. */
export function toMoney(sums: readonly EntriesSum[]): Money[] {
  return sums.map(({ unit, amount }) => ({ unit, amount }));
}

/** Sums entries by unit: the received or sent amounts where a condition holds. Entries have a row for both units. */
function selectSums(
  entries: Expression<unknown>,
  { added, subtracted = {} }: Record<'added', Sides> & { subtracted?: Sides },
): RawBuilder<EntriesSum> {
  const amount = (side: keyof Sides) => {
    const column = sql.ref(`${side}_amount`);
    const plus = sql`case when ${added[side] ?? sql`false`} then ${column} else 0 end`;
    return sql`${plus} - case when ${subtracted[side] ?? sql`false`} then ${column} else 0 end`;
  };
  return sql<EntriesSum>`
    select side.unit, sum(side.amount) as amount, sum(side.rows_count)::bigint as rows_count
    from ${entries} as listed cross join lateral (values
      (dest_unit, ${amount('dest')}, 1), (orig_unit, ${amount('orig')}, 0)) as side (unit, amount, rows_count)
    group by side.unit order by side.unit`;
}

interface Sides {
  dest?: Expression<SqlBool>;
  orig?: Expression<SqlBool>;
}
