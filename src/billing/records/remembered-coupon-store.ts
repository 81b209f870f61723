import type { Reader, Tx } from '#platform/db/database';
import { fragment } from '#platform/db/fragment';
import type { Part } from '#platform/db/together';
import type { CartOwner } from './cart-item.ts';

/** Inserts or replaces the last code that a buyer entered; it applies to plans that are added later. */
export async function upsertRememberedCoupon(tx: Tx, owner: CartOwner, code: string, at: Date): Promise<void> {
  const change = { code, created_at: at };
  if ('user_id' in owner) {
    await tx
      .insertInto('user_coupons')
      .values({ ...owner, ...change })
      .onConflict((conflict) => conflict.column('user_id').doUpdateSet(change))
      .execute();
    return;
  }
  await tx
    .insertInto('visitor_coupons')
    .values({ ...owner, ...change })
    .onConflict((conflict) => conflict.column('visitor_hash').doUpdateSet(change))
    .execute();
}

/** Part that finds the remembered code of a cart owner, like `findRememberedCoupon`. */
export function rememberedCode(owner: CartOwner): Part<string | null> {
  const query =
    'user_id' in owner
      ? fragment`select code from user_coupons where user_id = ${owner.user_id}`
      : fragment`select code from visitor_coupons where visitor_hash = ${owner.visitor_hash}`;
  return { query, read: (rows) => (typeof rows[0]?.['code'] === 'string' ? rows[0]['code'] : null) };
}

/** Returns the remembered code of a cart owner; null if there is none. */
export async function findRememberedCoupon(reader: Reader, owner: CartOwner): Promise<string | null> {
  const row =
    'user_id' in owner
      ? await reader.selectFrom('user_coupons').select('code').where('user_id', '=', owner.user_id).executeTakeFirst()
      : await reader
          .selectFrom('visitor_coupons')
          .select('code')
          .where('visitor_hash', '=', owner.visitor_hash)
          .executeTakeFirst();
  return row?.code ?? null;
}

/** Deletes the remembered code and returns it; null if there was none. */
export async function deleteRememberedCoupon(tx: Tx, owner: CartOwner): Promise<string | null> {
  const row =
    'user_id' in owner
      ? await tx.deleteFrom('user_coupons').where('user_id', '=', owner.user_id).returning('code').executeTakeFirst()
      : await tx
          .deleteFrom('visitor_coupons')
          .where('visitor_hash', '=', owner.visitor_hash)
          .returning('code')
          .executeTakeFirst();
  return row?.code ?? null;
}

/** Deletes at most `rows_max` codes that visitors entered before an instant. Index: visitor_coupons_created_at. */
export async function deleteVisitorCoupons(tx: Tx, before: Date, rows_max: number): Promise<number> {
  const deleted = await tx
    .deleteFrom('visitor_coupons')
    .where('visitor_hash', 'in', (eb) =>
      eb
        .selectFrom('visitor_coupons')
        .select('visitor_hash')
        .where('created_at', '<', before)
        .orderBy('created_at')
        .limit(rows_max),
    )
    .executeTakeFirst();
  return Number(deleted.numDeletedRows);
}
