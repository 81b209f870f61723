import { sql } from 'kysely';
import { selectUsers } from '#accounts';
import { comparedCode, selectCoupon, selectPlanNames } from '#catalog';
import type { ListQuery, Page } from '#kernel/page';
import type { ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { defineList, listPage } from '#platform/db/list';
import { type CartItem, qualifiedItemColumns } from '../records/index.ts';

export const couponUseList = defineList({
  search: {
    user__username: 'owner.username',
    user__first_name: 'owner.full_name',
    user__last_name: 'owner.full_name',
    user__email: 'owner.email',
  },
  sort: { user__username: 'owner.username', plan: 'plan.slug', created_at: 'cart_items.created_at' },
  default_order: [{ column: 'cart_items.created_at', descending: true }],
  tie_breaker: 'cart_items.id',
  date: 'cart_items.created_at',
});

/**
 * Lists the ordered cart items with a coupon of the provider; ignores the case of the code.
 * Index: cart_items_coupon_id.
 */
export async function listCouponUses(
  reader: Reader,
  { provider_id, code }: { provider_id: ProfileId; code: string },
  list: ListQuery,
  url: URL,
): Promise<Page<CartItem>> {
  const coupon = selectCoupon(reader, provider_id, comparedCode(code)).select('coupons.id');
  const query = reader
    .selectFrom('cart_items')
    .innerJoin(selectUsers(reader).as('owner'), 'owner.id', 'cart_items.user_id')
    .innerJoin(selectPlanNames(reader).as('plan'), 'plan.id', 'cart_items.plan_id')
    .select(qualifiedItemColumns)
    .where('cart_items.recorded_at', 'is not', null)
    // Compared with one value, so that the index gives the order too.
    .where(sql<boolean>`cart_items.coupon_id = (${coupon})`);
  // Each item has its plan, and its user unless a visitor placed it: the number needs no join.
  const is_whole = list.start_at === null && list.ends_at === null;
  const count = sql<{ count: number }>`select count(*) as count from cart_items
    where coupon_id = (${coupon}) and recorded_at is not null and user_id is not null`;
  return listPage(reader, query, couponUseList, list, url, { count: is_whole ? count : null });
}
