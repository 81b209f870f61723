import type { OrderId, ProfileId } from '#platform/db/db-schema';
import { fragment } from '#platform/db/fragment';
import type { Part } from '#platform/db/together';

/** Providers of which profiles took the free entry, as keys of `entryKey`. */
export type FreeEntries = ReadonlySet<string>;

/** Key of a subscriber and a provider. */
export function entryKey(profile_id: ProfileId, provider_id: ProfileId): string {
  return `${profile_id}/${provider_id}`;
}

/** Part that finds the free entries that profiles took. Index: primary key. */
export function freeEntriesOf(profile_ids: readonly ProfileId[]): Part<FreeEntries> {
  const query = fragment`select profile_id, provider_id from free_entries
    where profile_id = any(${[...profile_ids]}::bigint[])`;
  return {
    query,
    read: (rows) => new Set(rows.map(({ profile_id, provider_id }) => `${String(profile_id)}/${String(provider_id)}`)),
  };
}

/**
 * Part that records the free entries of an order: its lines of plans with an unlock event at 0. The line of a claimed
 * seat, which was paid before, is none.
 */
export function takenEntries(order_id: OrderId, created_at: Date): Part<void> {
  const query = fragment`insert into free_entries (profile_id, provider_id, order_id, created_at)
    select distinct line.beneficiary_id, line.provider_id, line.order_id, ${created_at}::timestamptz
    from order_lines line left join cart_items item on item.id = line.cart_item_id
    where line.order_id = ${order_id} and line.kind = 'period' and line.amount = 0 and line.full_amount > 0
      and line.coupon_id is null and item.claim_id is null and line.beneficiary_id is not null
    on conflict do nothing`;
  return { query, read: null };
}
