import { sql } from 'kysely';
import { sha256Hex } from '#platform/security/crypto';
import type { UserId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import type { TotpCaller } from './totp.ts';

/** Returns the name under which codes from a network are counted: no address is stored. */
function nameOf(user_id: UserId, network: string): string {
  return sha256Hex(`totp:${user_id}:${network}`);
}

/** Finds what a network sent for the factor of a user. The caller has locked the factor. */
export async function findTotpCaller(tx: Tx, user_id: UserId, network: string): Promise<TotpCaller | undefined> {
  // Index: primary key of totp_callers.
  return tx
    .selectFrom('totp_callers')
    .select(['failures_count', 'locked_until', 'proved_at'])
    .where('user_id', '=', user_id)
    .where('network', '=', nameOf(user_id, network))
    .executeTakeFirst();
}

/** Saves what a network sent for the factor of a user. The caller has locked the factor. */
export async function upsertTotpCaller(
  tx: Tx,
  user_id: UserId,
  network: string,
  change: TotpCaller & { failed_at?: Date },
): Promise<void> {
  await tx
    .insertInto('totp_callers')
    .values({ user_id, network: nameOf(user_id, network), ...change })
    .onConflict((conflict) => conflict.columns(['user_id', 'network']).doUpdateSet(change))
    .execute();
}

/** Deletes up to `rows_max` networks that sent nothing since an instant. Returns how many. */
export async function deleteTotpCallersBefore(tx: Tx, before: Date, rows_max: number): Promise<number> {
  // Index: totp_callers_failed_at.
  const { numAffectedRows } = await sql`delete from totp_callers where (user_id, network) in (
    select user_id, network from totp_callers where coalesce(proved_at, failed_at) < ${before}
      and coalesce(failed_at, proved_at) < ${before} limit ${rows_max})`.execute(tx);
  return Number(numAffectedRows ?? 0n);
}
