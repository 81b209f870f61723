import { NoResultError, SelectQueryNode } from 'kysely';
import type { CartItemId, CouponId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { executeFragment, fragment } from '#platform/db/fragment';
import { type CartItem, type CartOwner, itemIdentity, type WantedItem } from './cart-item.ts';
import { itemColumns, openItemsOf } from './cart-item-store.ts';

/** A wanted item as it is in the cart, and whether it was added. */
interface UpsertedItem {
  item: CartItem;
  is_new: boolean;
}

/**
 * Inserts items, or updates the given members of the open items with the same plan, use and person; two statements for
 * any number of items. An item that occurs twice is inserted once, and the later members win.
 */
export async function upsertCartItems(
  tx: Tx,
  owner: CartOwner,
  wanted: readonly WantedItem[],
  at: Date,
): Promise<UpsertedItem[]> {
  const merged = new Map<string, WantedItem>();
  for (const item of wanted)
    merged.set(itemIdentity(item), { ...merged.get(itemIdentity(item)), ...givenMembers(item) });
  const inserted = new Map(
    (await insertItems(tx, owner, [...merged.values()], at)).map((item) => [itemIdentity(item), item]),
  );
  const others = [...merged].filter(([identity]) => !inserted.has(identity));
  const updated = await updateItems(
    tx,
    owner,
    others.map(([, item]) => item),
  );
  const updatedByIdentity = new Map(others.map(([identity], index) => [identity, updated.get(index + 1)]));
  const seen = new Set<string>();
  return wanted.map((each) => {
    const identity = itemIdentity(each);
    const is_new = inserted.has(identity) && !seen.has(identity);
    seen.add(identity);
    const item = inserted.get(identity) ?? updatedByIdentity.get(identity);
    // Another request removed the item after it was in the way of the insert.
    if (!item) throw new NoResultError(SelectQueryNode.create());
    return { item, is_new };
  });
}

function givenMembers(item: WantedItem): WantedItem {
  // The members of an item, without those that are undefined.
  return Object.fromEntries(Object.entries(item).filter(([, value]) => value !== undefined)) as unknown as WantedItem;
}

async function insertItems(tx: Tx, owner: CartOwner, items: readonly WantedItem[], at: Date): Promise<CartItem[]> {
  const { user_id, visitor_hash } = { user_id: null, visitor_hash: null, ...owner };
  return executeFragment(
    tx,
    fragment<CartItem>`insert into cart_items
        (user_id, visitor_hash, plan_id, use_charge_id, sync_on, option, quantity, full_name, email, created_at)
      select ${user_id}::bigint, ${visitor_hash}::text, plan_id, use_charge_id, sync_on, option, quantity, full_name,
        email, ${at}::timestamptz
      from unnest(${items.map(({ plan_id }) => plan_id)}::bigint[],
        ${items.map(({ use_charge_id }) => use_charge_id)}::bigint[], ${items.map(({ sync_on }) => sync_on)}::text[],
        ${items.map(({ option }) => option ?? 0)}::int[], ${items.map(({ quantity }) => quantity ?? 0)}::int[],
        ${items.map(({ full_name }) => full_name ?? '')}::text[], ${items.map(({ email }) => email ?? null)}::text[])
        with ordinality as given (plan_id, use_charge_id, sync_on, option, quantity, full_name, email, place)
      order by place on conflict do nothing returning ${itemColumns}`,
  );
}

/** Updates open items; returns them by their place among the given ones, from 1. */
async function updateItems(tx: Tx, owner: CartOwner, items: readonly WantedItem[]): Promise<Map<number, CartItem>> {
  if (items.length === 0) return new Map();
  const rows = await executeFragment(
    tx,
    fragment<CartItem & { place: number }>`with given as (
        select * from unnest(${items.map(({ plan_id }) => plan_id)}::bigint[],
          ${items.map(({ use_charge_id }) => use_charge_id ?? 0)}::bigint[],
          ${items.map(({ sync_on }) => sync_on ?? '')}::text[], ${items.map(({ option }) => option ?? null)}::int[],
          ${items.map(({ quantity }) => quantity ?? null)}::int[],
          ${items.map(({ full_name }) => full_name ?? null)}::text[],
          ${items.map(({ email }) => email ?? null)}::text[], ${items.map(({ email }) => email !== undefined)}::boolean[])
          with ordinality as given
            (wanted_plan, wanted_use, wanted_person, new_option, new_quantity, new_name, new_email, has_email, place)
      )
      update cart_items set option = coalesce(new_option, option), quantity = coalesce(new_quantity, quantity),
        full_name = coalesce(new_name, full_name), email = case when has_email then new_email else email end
      from given
      where ${openItemsOf(owner)} and claim_id is null and plan_id = wanted_plan
        and coalesce(use_charge_id, 0) = wanted_use and lower(coalesce(sync_on, '')) = lower(wanted_person)
      returning ${itemColumns}, place`,
  );
  return new Map(rows.map(({ place, ...item }) => [place, item]));
}

/** Sets the coupons of items, in one statement. */
export async function updateItemCoupons(
  tx: Tx,
  changes: readonly { id: CartItemId; coupon_id: CouponId | null }[],
): Promise<void> {
  if (changes.length === 0) return;
  await executeFragment(
    tx,
    fragment`update cart_items set coupon_id = given.coupon_id
      from unnest(${changes.map(({ id }) => id)}::bigint[], ${changes.map(({ coupon_id }) => coupon_id)}::bigint[])
        as given (item_id, coupon_id)
      where cart_items.id = given.item_id`,
  );
}
