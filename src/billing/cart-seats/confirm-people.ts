import { findPlansByIds } from '#catalog';
import type { Context } from '#platform/context';
import type { UserId } from '#platform/db/db-schema';
import { inTransaction } from '#platform/db/database';
import { addPeople } from '../cart/index.ts';
import { billingProblems } from '../problems.ts';
import { deleteSeatUpload, findSeatUpload } from './seat-upload-store.ts';

/** Time for which an uploaded list can be confirmed. */
export const UPLOAD_KEPT_MS = 86_400_000;

/**
 * Adds the people of an uploaded list to the cart: all of them or none. Returns their number. Idempotent until the list
 * is deleted, because a person who is in the cart is updated.
 * @throws seat_upload_unknown (404), the problems of addToCart
 */
export async function confirmPeople(ctx: Context, user_id: UserId, key: string): Promise<number> {
  const after = new Date(ctx.clock.now().getTime() - UPLOAD_KEPT_MS);
  const upload = await findSeatUpload(ctx.db, user_id, key, after);
  const plan = upload && (await findPlansByIds(ctx.db, [upload.plan_id])).get(upload.plan_id);
  if (!upload || !plan) throw billingProblems.seat_upload_unknown();
  await addPeople(ctx, { user_id }, plan.slug, upload.people, upload.option);
  await inTransaction(ctx.db, (tx) => deleteSeatUpload(tx, user_id, key));
  return upload.people.length;
}
