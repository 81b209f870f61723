import type { Tx } from '#platform/db/database';
import type { UserId } from '#platform/db/db-schema';
import type { TotpFactor } from './totp.ts';

/** Selects the TOTP factor FOR UPDATE, so that concurrent requests cannot use one code twice. */
export async function lockTotp(tx: Tx, user_id: UserId): Promise<TotpFactor | undefined> {
  return tx
    .selectFrom('totp_factors')
    .select(['secret_sealed', 'confirmed_at', 'last_step', 'failures_count', 'locked_until'])
    .where('user_id', '=', user_id)
    .forUpdate()
    .executeTakeFirst();
}

/** Inserts an unconfirmed TOTP factor, or replaces the existing one by it. */
export async function upsertTotp(tx: Tx, user_id: UserId, secret_sealed: string, at: Date): Promise<void> {
  const row = {
    secret_sealed,
    created_at: at,
    confirmed_at: null,
    last_step: null,
    failures_count: 0,
    locked_until: null,
  };
  await tx
    .insertInto('totp_factors')
    .values({ user_id, ...row })
    .onConflict((conflict) => conflict.column('user_id').doUpdateSet(row))
    .execute();
}

export async function updateTotp(tx: Tx, user_id: UserId, change: Partial<TotpFactor>): Promise<void> {
  await tx.updateTable('totp_factors').set(change).where('user_id', '=', user_id).execute();
}

/** Deletes a user's TOTP factor, confirmed or not; true if there was one. */
export async function deleteTotp(tx: Tx, user_id: UserId): Promise<boolean> {
  const deleted = await tx.deleteFrom('totp_factors').where('user_id', '=', user_id).executeTakeFirst();
  return deleted.numDeletedRows > 0n;
}

/** Deletes the TOTP factors of all users; returns how many. */
export async function deleteTotpFactors(tx: Tx): Promise<number> {
  const deleted = await tx.deleteFrom('totp_factors').executeTakeFirst();
  return Number(deleted.numDeletedRows);
}
