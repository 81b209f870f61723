import { sha256Hex } from '#platform/crypto';
import type { Reader, Tx } from '#platform/db';
import type { UserId, VerificationId } from '#platform/db-schema';
import type { Verification } from './verification.ts';

const columns = [
  'id',
  'user_id',
  'channel',
  'address',
  'purpose',
  'reason',
  'code_hash',
  'code_failures_count',
  'created_at',
  'expires_at',
  'code_expires_at',
  'used_at',
] as const;

export interface NewVerification {
  user_id: UserId | null;
  channel: Verification['channel'];
  address: string;
  purpose: Verification['purpose'];
  reason: string | null;
  key_hash: string | null;
  code_hash: string | null;
  created_at: Date;
  expires_at: Date;
  code_expires_at: Date | null;
}

/** A code is short, so its hash is bound to the address: one table of a million hashes does not open them all. */
export function hashCode(address: string, code: string): string {
  return sha256Hex(`${address}\n${code}`);
}

export async function insertVerification(tx: Tx, row: NewVerification): Promise<VerificationId> {
  const { id } = await tx.insertInto('verifications').values(row).returning('id').executeTakeFirstOrThrow();
  return id;
}

/** Finds what a link's key stands for, used and expired ones too. */
export async function findVerificationByKey(reader: Reader, key: string): Promise<Verification | undefined> {
  return reader.selectFrom('verifications').select(columns).where('key_hash', '=', sha256Hex(key)).executeTakeFirst();
}

/** The same, held until the transaction ends: a key is good once, also for two who click at the same moment. */
export async function lockVerificationByKey(tx: Tx, key: string): Promise<Verification | undefined> {
  return tx
    .selectFrom('verifications')
    .select(columns)
    .where('key_hash', '=', sha256Hex(key))
    .forUpdate()
    .executeTakeFirst();
}

/** The newest code sent to an address, held until the transaction ends. */
export async function lockCodeOf(tx: Tx, address: string): Promise<Verification | undefined> {
  return tx
    .selectFrom('verifications')
    .select(columns)
    .where((eb) => eb(eb.fn<string>('lower', ['address']), '=', address))
    .where('code_hash', 'is not', null)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .forUpdate()
    .executeTakeFirst();
}

/** Makes the codes sent to an address before worthless: only the newest counts. */
export async function voidCodesOf(tx: Tx, address: string): Promise<void> {
  await tx
    .updateTable('verifications')
    .set({ code_hash: null })
    .where((eb) => eb(eb.fn<string>('lower', ['address']), '=', address))
    .where('code_hash', 'is not', null)
    .execute();
}

export async function countCodeFailure(tx: Tx, id: VerificationId): Promise<void> {
  await tx
    .updateTable('verifications')
    .set((eb) => ({ code_failures_count: eb('code_failures_count', '+', 1) }))
    .where('id', '=', id)
    .execute();
}

export async function useVerification(tx: Tx, id: VerificationId, at: Date): Promise<void> {
  await tx.updateTable('verifications').set({ used_at: at, code_hash: null }).where('id', '=', id).execute();
}

/** Uses up every link and code of a user: after a password was set or the user archived, none of them opens anything. */
export async function useVerificationsOf(tx: Tx, user_id: UserId, at: Date): Promise<void> {
  await tx
    .updateTable('verifications')
    .set({ used_at: at, code_hash: null })
    .where('user_id', '=', user_id)
    .where('used_at', 'is', null)
    .execute();
}

/** Returns the instant at which the newest link of the user for this reason was prepared, if it is still valid. */
export async function findPreparedAt(
  reader: Reader,
  user_id: UserId,
  reason: string,
  at: Date,
): Promise<Date | undefined> {
  const row = await reader
    .selectFrom('verifications')
    .select('created_at')
    .where('user_id', '=', user_id)
    .where('reason', '=', reason)
    .where('used_at', 'is', null)
    .where('expires_at', '>', at)
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.created_at;
}

/** Deletes what expired before the instant; answers how many. */
export async function deleteVerificationsBefore(tx: Tx, before: Date, rows_max: number): Promise<number> {
  const deleted = await tx
    .deleteFrom('verifications')
    .where('id', 'in', (eb) =>
      eb.selectFrom('verifications').select('id').where('expires_at', '<', before).limit(rows_max),
    )
    .executeTakeFirst();
  return Number(deleted.numDeletedRows);
}
