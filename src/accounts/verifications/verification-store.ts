import { sha256Hex } from '#platform/security/crypto';
import type { Reader, Tx } from '#platform/db/database';
import type { UserId, VerificationId } from '#platform/db/db-schema';
import { part, readTogether } from '#platform/db/together';
import { selectUsers, type User, userPart } from '../identity/index.ts';
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

/** Hashes a code together with its address: one table of a million hashes cannot reverse the codes of all addresses. */
export function hashCode(address: string, code: string): string {
  return sha256Hex(`${address}\n${code}`);
}

export async function insertVerification(tx: Tx, row: NewVerification): Promise<VerificationId> {
  const { id } = await tx.insertInto('verifications').values(row).returning('id').executeTakeFirstOrThrow();
  return id;
}

/** Finds the verification of a key, including used and expired ones. */
export async function findVerificationByKey(reader: Reader, key: string): Promise<Verification | undefined> {
  return reader.selectFrom('verifications').select(columns).where('key_hash', '=', sha256Hex(key)).executeTakeFirst();
}

const withUser = readTogether((reader, key_hash: string) => {
  const verifications = reader.selectFrom('verifications').where('key_hash', '=', key_hash);
  return {
    verifications: part(verifications.select(columns), {
      created_at: true,
      expires_at: true,
      code_expires_at: true,
      used_at: true,
    }),
    users: userPart(
      selectUsers(reader).where('users.id', 'in', verifications.select('user_id').$castTo<{ user_id: UserId }>()),
    ),
  };
});

/** Finds the verification of a key and the user it belongs to, in one statement. */
export async function findVerificationWithUser(
  reader: Reader,
  key: string,
): Promise<{ verification: Verification; user: User | null } | undefined> {
  const { verifications, users } = await withUser(reader, sha256Hex(key));
  const [verification] = verifications;
  return verification && { verification, user: users[0] ?? null };
}

/** Selects the verification of a key FOR UPDATE, so that concurrent requests cannot use one key twice. */
export async function lockVerificationByKey(tx: Tx, key: string): Promise<Verification | undefined> {
  return tx
    .selectFrom('verifications')
    .select(columns)
    .where('key_hash', '=', sha256Hex(key))
    .forUpdate()
    .executeTakeFirst();
}

/** User and address of a code. A code that was sent for one user is not valid for another one. */
export interface CodeOwner {
  user_id: UserId | null;
  channel: Verification['channel'];
  address: string;
}

/** Selects the newest code sent for a user to an address FOR UPDATE. Index: verifications_address. */
export async function lockCode(tx: Tx, owner: CodeOwner): Promise<Verification | undefined> {
  return tx
    .selectFrom('verifications')
    .select(columns)
    .where((eb) => eb(eb.fn<string>('lower', ['address']), '=', owner.address.toLowerCase()))
    .where('channel', '=', owner.channel)
    .where('user_id', 'is not distinct from', owner.user_id)
    .where('code_hash', 'is not', null)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .forUpdate()
    .executeTakeFirst();
}

/**
 * True if a code for a user and an address was created after the instant, used or not. Index: verifications_address.
 */
export async function hasCodeSince(reader: Reader, owner: CodeOwner, since: Date): Promise<boolean> {
  const row = await reader
    .selectFrom('verifications')
    .select('id')
    .where((eb) => eb(eb.fn<string>('lower', ['address']), '=', owner.address.toLowerCase()))
    .where('channel', '=', owner.channel)
    .where('user_id', 'is not distinct from', owner.user_id)
    .where('key_hash', 'is', null)
    .where('created_at', '>', since)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Voids the earlier codes of a user and an address: only the newest is valid. Index: verifications_address. */
export async function voidCodes(tx: Tx, owner: CodeOwner): Promise<void> {
  await tx
    .updateTable('verifications')
    .set({ code_hash: null })
    .where((eb) => eb(eb.fn<string>('lower', ['address']), '=', owner.address.toLowerCase()))
    .where('channel', '=', owner.channel)
    .where('user_id', 'is not distinct from', owner.user_id)
    .where('code_hash', 'is not', null)
    .execute();
}

/** Counts a wrong attempt at a code. */
export async function countCodeFailure(tx: Tx, id: VerificationId): Promise<void> {
  await tx
    .updateTable('verifications')
    .set((eb) => ({ code_failures_count: eb('code_failures_count', '+', 1) }))
    .where('id', '=', id)
    .execute();
}

/** Marks a link or code as used and deletes its code. */
export async function consumeVerification(tx: Tx, id: VerificationId, at: Date): Promise<void> {
  await tx.updateTable('verifications').set({ used_at: at, code_hash: null }).where('id', '=', id).execute();
}

/**
 * Voids every link and code of a user after a change of address, password or factor. Keeps the links that stop or undo
 * a change of address.
 *
 * A link without a user, sent to an address before a user had it, is voided only if the user has verified the address.
 * Until then the owner of the address may be another person.
 */
export async function voidVerificationsOf(tx: Tx, user_id: UserId, at: Date): Promise<void> {
  await tx
    .updateTable('verifications')
    .set({ used_at: at, code_hash: null })
    .where('user_id', '=', user_id)
    .where('used_at', 'is', null)
    .where('purpose', '<>', 'stop_change')
    .execute();
  const owner = await tx
    .selectFrom('users')
    .select(['email', 'email_verified_at', 'phone', 'phone_verified_at'])
    .where('id', '=', user_id)
    .executeTakeFirst();
  if (owner?.email && owner.email_verified_at) await voidLinksWithoutUser(tx, 'email', owner.email, at);
  if (owner?.phone && owner.phone_verified_at) await voidLinksWithoutUser(tx, 'phone', owner.phone, at);
}

/** Voids links that were sent to an address before a user had it. Index: verifications_address. */
async function voidLinksWithoutUser(
  tx: Tx,
  channel: Verification['channel'],
  address: string,
  at: Date,
): Promise<void> {
  await tx
    .updateTable('verifications')
    .set({ used_at: at, code_hash: null })
    .where((eb) => eb(eb.fn<string>('lower', ['address']), '=', address.toLowerCase()))
    .where('channel', '=', channel)
    .where('user_id', 'is', null)
    .where('used_at', 'is', null)
    .execute();
}

/** Voids the links that stop or undo a change of the user's address. */
export async function voidStopLinksOf(tx: Tx, user_id: UserId, at: Date): Promise<void> {
  await tx
    .updateTable('verifications')
    .set({ used_at: at })
    .where('user_id', '=', user_id)
    .where('used_at', 'is', null)
    .where('purpose', '=', 'stop_change')
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

/** Deletes verifications that expired before the instant; returns how many. */
export async function deleteVerificationsBefore(tx: Tx, before: Date, rows_max: number): Promise<number> {
  const deleted = await tx
    .deleteFrom('verifications')
    .where('id', 'in', (eb) =>
      eb.selectFrom('verifications').select('id').where('expires_at', '<', before).limit(rows_max),
    )
    .executeTakeFirst();
  return Number(deleted.numDeletedRows);
}
