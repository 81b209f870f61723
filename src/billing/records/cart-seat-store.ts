import type { PlanId, UserId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { executeFragment, fragment } from '#platform/db/fragment';
import { openItemsOf } from './cart-item-store.ts';

/** Selects the plans in the cart of a user, excluding claimed seats. Index: cart_items_user. */
export async function findCartPlanIds(reader: Reader, user_id: UserId): Promise<PlanId[]> {
  const rows = await executeFragment(
    reader,
    fragment<{ plan_id: PlanId }>`select plan_id from cart_items
      where ${openItemsOf({ user_id })} and claim_id is null group by plan_id order by min(id)`,
  );
  return rows.map(({ plan_id }) => plan_id);
}

/** Selects the first seats of a plan for other people in the cart of a user, and counts all. Index: cart_items_user. */
export async function findSeatItems(
  reader: Reader,
  user_id: UserId,
  plan_id: PlanId,
  limit: number,
): Promise<{ people: { full_name: string; email: string }[]; count: number }> {
  const rows = await executeFragment(
    reader,
    fragment<{ full_name: string; email: string; count: number }>`select full_name, sync_on as email,
        count(*) over () as count
      from cart_items where ${openItemsOf({ user_id })} and claim_id is null and plan_id = ${plan_id}
        and sync_on is not null order by id limit ${limit}`,
  );
  return { people: rows.map(({ full_name, email }) => ({ full_name, email })), count: Number(rows[0]?.count ?? 0) };
}

/** Selects the addresses of all seats of a plan in the cart of a user. Index: cart_items_user. */
export async function findSeatAddresses(reader: Reader, user_id: UserId, plan_id: PlanId): Promise<Set<string>> {
  const rows = await executeFragment(
    reader,
    fragment<{ email: string }>`select lower(sync_on) as email from cart_items
      where ${openItemsOf({ user_id })} and claim_id is null and plan_id = ${plan_id} and sync_on is not null`,
  );
  return new Set(rows.map(({ email }) => email));
}
