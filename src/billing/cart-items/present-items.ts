import { findUsersByIds } from '#accounts';
import { findPlansByIds } from '#catalog';
import type { Context } from '#platform/context';
import { mergeReads } from '#platform/db/merge-reads';
import { presentCartItem } from '../cart/index.ts';
import type { CartItem } from '../records/index.ts';

/** Presents items of carts with their plans and users, in one statement. Items of deleted plans are left out. */
export async function presentItems(ctx: Context, items: readonly CartItem[]) {
  return (await presentItemsWithAddresses(ctx, items)).map(({ item }) => item);
}

/** As `presentItems`, with the e-mail address of each user, for downloads. */
export async function presentItemsWithAddresses(ctx: Context, items: readonly CartItem[]) {
  const plan_ids = items.map((item) => item.plan_id);
  const user_ids = items.flatMap((item) => item.user_id ?? []);
  const [plans, users] = await mergeReads(ctx.db, [
    (together) => findPlansByIds(together, plan_ids),
    (together) => findUsersByIds(together, user_ids),
  ]);
  return items.flatMap((item) => {
    const plan = plans.get(item.plan_id);
    const user = item.user_id === null ? undefined : users.get(item.user_id);
    return plan ? [{ item: presentCartItem({ item, plan, user: user ?? null }), email: user?.email ?? '' }] : [];
  });
}
