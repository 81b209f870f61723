import type { OrderId, ProfileId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { fragment, verbatimFragment } from '#platform/db/fragment';
import type { Part } from '#platform/db/together';
import type { OrderLine } from './order.ts';

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

/** Condition on lines `line` with the cart item `item`: the line takes a free entry. */
const isFreeEntry = verbatimFragment(`line.kind = 'period' and line.amount = 0 and line.full_amount > 0
  and line.coupon_id is null and item.claim_id is null and line.beneficiary_id is not null`);

/** True if a line may take a free entry, by what is known before it is inserted. */
export function mayTakeFreeEntry(
  line: Pick<OrderLine, 'kind' | 'amount' | 'full_amount' | 'coupon_id' | 'beneficiary_id'>,
): boolean {
  const { kind, amount, full_amount, coupon_id, beneficiary_id } = line;
  return kind === 'period' && amount === 0 && (full_amount ?? 0) > 0 && coupon_id === null && beneficiary_id !== null;
}

/**
 * Part that takes the free entries of an order which is reserved: its lines of plans with an unlock event at 0. The
 * line of a claimed seat, which was paid before, is none. The primary key refuses an entry that another order has
 * taken. Follows a part `new_lines`. Locks: the entries, by profile and provider.
 */
export function reservedEntries(created_at: Date): Part<void> {
  const query = fragment`insert into free_entries (profile_id, provider_id, order_id, created_at)
    select distinct line.beneficiary_id, line.provider_id, line.order_id, ${created_at}::timestamptz
    from new_lines line left join cart_items item on item.id = line.cart_item_id
    where ${isFreeEntry} order by line.beneficiary_id, line.provider_id`;
  return { query, read: null };
}

/** Part that takes the free entries of an order which is booked, unless they are taken. */
export function takenEntries(order_id: OrderId, created_at: Date): Part<void> {
  const query = fragment`insert into free_entries (profile_id, provider_id, order_id, created_at)
    select distinct line.beneficiary_id, line.provider_id, line.order_id, ${created_at}::timestamptz
    from order_lines line left join cart_items item on item.id = line.cart_item_id
    where line.order_id = ${order_id} and ${isFreeEntry} order by line.beneficiary_id, line.provider_id
    on conflict do nothing`;
  return { query, read: null };
}

/** Releases the free entries that an order took, because it was not paid. Index: free_entries_order_id. */
export async function releaseFreeEntries(tx: Tx, order_id: OrderId): Promise<void> {
  await tx.deleteFrom('free_entries').where('order_id', '=', order_id).execute();
}
