import { selectUsers } from '#accounts';
import type { ListQuery, Page } from '#kernel/page';
import type { UserId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { defineList, listPage } from '#platform/db/list';
import type { CartItem } from '../records/index.ts';

export const cartItemList = defineList({
  search: {
    user__username: 'owner.username',
    user__first_name: 'owner.full_name',
    user__last_name: 'owner.full_name',
    user__email: 'owner.email',
  },
  sort: { username: 'owner.username', created_at: 'cart_items.created_at' },
  default_order: [{ column: 'cart_items.created_at', descending: false }],
  tie_breaker: 'cart_items.id',
  date: 'cart_items.created_at',
});

/** Lists what users have in their carts, of everybody or of one. Index: cart_items_created_at. */
export async function listCartItems(
  reader: Reader,
  user_id: UserId | null,
  list: ListQuery,
  url: URL,
): Promise<Page<CartItem>> {
  let query = reader
    .selectFrom('cart_items')
    .innerJoin(selectUsers(reader).as('owner'), 'owner.id', 'cart_items.user_id')
    .select([
      'cart_items.id',
      'cart_items.user_id',
      'cart_items.plan_id',
      'cart_items.use_charge_id',
      'cart_items.coupon_id',
      'cart_items.option',
      'cart_items.quantity',
      'cart_items.full_name',
      'cart_items.email',
      'cart_items.sync_on',
      'cart_items.claim_code',
      'cart_items.claim_id',
      'cart_items.created_at',
    ])
    .where('cart_items.recorded_at', 'is', null);
  if (user_id !== null) query = query.where('cart_items.user_id', '=', user_id);
  return listPage(query, cartItemList, list, url);
}
