import { type RawBuilder, sql, type SqlBool } from 'kysely';
import type { ProfileId } from '#platform/db/db-schema';
import { fewOrAllKeys } from '#platform/lists/few-or-all-keys';
import type { SortKeys } from '#platform/lists/list-order';
import { profile_keys } from '#profiles';
import { manyOldestFirst, matchReceived, matchReversedSales, matchSent, matchSold } from './transaction-store.ts';

type Side = 'orig' | 'dest';

/** The order of the whole ledger, where one profile may have most of the entries. */
export const allOldestFirst = {
  ...manyOldestFirst,
  // Indexes: ledger_entries_orig_profile, ledger_entries_dest_profile.
  grouped: groupByProfiles((side, keys) => [keysOf(side, keys)]),
} as const;

/** The order of the sales of a provider (`matchSales`): what was sold, and what was taken back. */
export function salesOldestFirst(profile_id: ProfileId) {
  // Indexes: ledger_entries_sales, ledger_entries_taken_back; of the provider ledger_entries_orig, …_dest.
  return oldestOfBoth(profile_id, matchSold(profile_id), matchReversedSales(profile_id));
}

/** The order of the entries on the funds of a provider (`matchFunds`): what they sent, and what they received. */
export function fundsOldestFirst(profile_id: ProfileId) {
  // Indexes: ledger_entries_funds_in, ledger_entries_funds_out; of the provider ledger_entries_orig, …_dest.
  return oldestOfBoth(profile_id, matchSent(profile_id), matchReceived(profile_id));
}

/** The order of entries that a provider sent or received. */
function oldestOfBoth(profile_id: ProfileId, sent: RawBuilder<SqlBool>, received: RawBuilder<SqlBool>) {
  const grouped = groupByProfiles((side, keys) => {
    const [own, others] = side === 'orig' ? [sent, received] : [received, sent];
    return [{ ...keysOf(side, onlyProfile(keys, profile_id)), part: own }, ...keysOfEntries(side, keys, others)];
  });
  return { ...manyOldestFirst, grouped } as const;
}

function keysOf(side: Side, keys: RawBuilder<unknown>): SortKeys {
  return { keys, scope: idOf(side) };
}

function idOf(side: Side): string {
  return `entry.${side}_profile_id`;
}

function groupByProfiles(build: (side: Side, keys: RawBuilder<unknown>) => readonly SortKeys[]) {
  const by_slug = (side: Side) => build(side, profile_keys.slug).map((keys) => ({ ...keys, is_unique: true }));
  return {
    orig_profile: by_slug('orig'),
    orig_profile__full_name: build('orig', profile_keys.full_name),
    dest_profile: by_slug('dest'),
    dest_profile__full_name: build('dest', profile_keys.full_name),
  } as const;
}

function onlyProfile(keys: RawBuilder<unknown>, id: ProfileId): RawBuilder<unknown> {
  return sql`(select id, value from ${keys} as profile where id = ${id})`;
}

/** The profiles on one side of the entries that `part` matches, if they are few, or all profiles. */
function keysOfEntries(side: Side, keys: RawBuilder<unknown>, part: RawBuilder<SqlBool>): readonly SortKeys[] {
  const rows = { scope: idOf(side), from: sql`ledger_entries as entry`, where: part };
  return fewOrAllKeys(keys, rows).map((each) => ({ ...each, part }));
}
