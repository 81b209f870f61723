import { type Expression, type SelectQueryBuilder, type SqlBool, sql } from 'kysely';
import type { Money } from '#kernel/money';
import type { ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { defineList } from '#platform/db/list';
import { selectProfileNames } from '#profiles';
import type { Entry } from './entry.ts';

const searched = {
  description: 'entry.description',
  orig_profile: 'orig.slug',
  orig_profile__full_name: 'orig.full_name',
  dest_profile: 'dest.slug',
  dest_profile__full_name: 'dest.full_name',
} as const;
const sorted = {
  ...searched,
  amount: 'entry.dest_amount',
  orig_amount: 'entry.orig_amount',
  dest_amount: 'entry.dest_amount',
  orig_account: 'entry.orig_account',
  dest_account: 'entry.dest_account',
  created_at: 'entry.created_at',
  date: 'entry.created_at',
} as const;

/** Names that every list of transactions accepts in `q_f` and `o`. */
export const transactionFields = { search: searched, sort: sorted };

export const newestFirst = transactionsBy(true);
export const oldestFirst = transactionsBy(false);

function transactionsBy(descending: boolean) {
  return defineList({
    search: searched,
    sort: sorted,
    default_order: [{ column: 'entry.created_at', descending }],
    tie_breaker: 'entry.id',
    date: 'entry.created_at',
  });
}

/** All entries, with the names of both profiles at hand for searching and sorting. */
export function selectEntries(reader: Reader) {
  return reader
    .selectFrom('ledger_entries as entry')
    .leftJoin(selectProfileNames(reader).as('orig'), 'orig.id', 'entry.orig_profile_id')
    .leftJoin(selectProfileNames(reader).as('dest'), 'dest.id', 'entry.dest_profile_id')
    .selectAll('entry');
}

/** Entries with those ids. */
export const isOneOf = (ids: readonly Entry['id'][]): Expression<SqlBool> =>
  sql<SqlBool>`entry.id = any(${[...ids]}::bigint[])`;

/**
 * What a subscriber sees of its account: orders, charges, payments elsewhere, write-offs and refunds. With `sellers` the
 * entries that involve one of these only.
 */
export const isHistoryOf = (profile_id: ProfileId, sellers?: readonly ProfileId[] | null): Expression<SqlBool> =>
  // Indexes: ledger_entries_dest, ledger_entries_orig.
  sql<SqlBool>`((entry.dest_profile_id = ${profile_id} and entry.dest_account in ('Payable', 'Liability'))
    or (entry.orig_profile_id = ${profile_id} and entry.orig_account in ('Liability', 'Refunded')))
    and entry.orig_account <> 'Payable' and ${sellers ? involvesOnly(sellers) : sql`true`}`;

/**
 * Entries of which a seller is a party, and payments of events that settle these sellers' lines alone. A payment that
 * other sellers share is left out: its amount would disclose their part.
 */
const involvesOnly = (sellers: readonly ProfileId[]): Expression<SqlBool> => {
  const ids = sql`${[...sellers]}::bigint[]`;
  // Index: ledger_entries_ledger_event_id.
  const settled = sql`select from ledger_entries line where line.ledger_event_id = entry.ledger_event_id
    and line.dest_account = 'Receivable'`;
  return sql<SqlBool>`(entry.orig_profile_id = any(${ids}) or entry.dest_profile_id = any(${ids})
    or (exists (${settled} and line.dest_profile_id = any(${ids}))
      and not exists (${settled} and line.dest_profile_id <> all(${ids}))))`;
};

/** What a provider sold, paid or not. */
export const isSaleOf = (profile_id: ProfileId): Expression<SqlBool> =>
  // Index: ledger_entries_orig.
  sql<SqlBool>`entry.orig_profile_id = ${profile_id} and entry.orig_account = 'Receivable'
    and entry.dest_account <> 'Canceled' and entry.orig_amount > 0`;

/** What moved a provider's funds. */
export const movesFundsOf = (profile_id: ProfileId): Expression<SqlBool> =>
  // Indexes: ledger_entries_orig, ledger_entries_dest.
  sql<SqlBool>`((entry.orig_profile_id = ${profile_id} and entry.orig_account = 'Funds')
    or (entry.dest_profile_id = ${profile_id} and entry.dest_account = 'Funds'))`;

/** Entries with an account whose name contains the text, whatever the case. */
export const touchesAccount = (selector: string): Expression<SqlBool> =>
  sql<SqlBool>`(${accountMatches('orig_account', selector)} or ${accountMatches('dest_account', selector)})`;

/** Matches one side's account against a part of its name; of the rows themselves, under whatever alias. */
export const accountMatches = (side: 'orig_account' | 'dest_account', selector: string): Expression<SqlBool> =>
  sql<SqlBool>`position(lower(${selector}) in lower(${sql.ref(side)})) > 0`;

/** Adds up listed entries by unit: what arrives on the side that counts as in, less what leaves on the side that counts as out. */
export async function sumEntries<DB, TB extends keyof DB, O>(
  reader: Reader,
  entries: SelectQueryBuilder<DB, TB, O>,
  counts: { in: Expression<SqlBool>; out: Expression<SqlBool> },
): Promise<Money[]> {
  const { rows } = await sql<Money>`
    select side.unit, sum(side.amount) as amount
    from ${entries} as listed cross join lateral (values
      (dest_unit, case when ${counts.in} then dest_amount else 0 end),
      (orig_unit, case when ${counts.out} then -orig_amount else 0 end)) as side (unit, amount)
    group by side.unit order by side.unit`.execute(reader);
  return rows;
}
