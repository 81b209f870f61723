import { equalConstantTime, randomText, sha256Hex } from '#platform/security/crypto';
import { pointRead } from '#platform/db/built-once';
import type { Db, Reader, Tx } from '#platform/db/database';
import type { ApiKeyId, UserId } from '#platform/db/db-schema';
import { defineList, listPage } from '#platform/db/list';
import type { ListQuery, Page } from '#kernel/page';

/** Credential of a program. The public half identifies the row, the private half is the secret; 185 bits each. */
export interface ApiKey {
  public_half: string;
  private_half: string;
}

/** Without i, l, o, I, O, 0 and 1, which look alike. */
const alphabet = 'abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';
const half_length = 32;
const shape = new RegExp(`^([${alphabet}]{${half_length}})([${alphabet}]{${half_length}})$`);

/** Generates a random key. */
export function generateApiKey(): ApiKey {
  return { public_half: randomText(half_length, alphabet), private_half: randomText(half_length, alphabet) };
}

/** Parses the value of a Basic header: the username is the key, the password is ignored. */
export function parseApiKey(encoded: string): ApiKey | null {
  if (!/^[A-Za-z0-9+/]{1,1000}={0,2}$/.test(encoded)) return null;
  const [username = ''] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  const [, public_half, private_half] = shape.exec(username) ?? [];
  return public_half === undefined || private_half === undefined ? null : { public_half, private_half };
}

/** An API key with its user, as each request needs them; an expired one too. */
export interface ApiKeyOwner {
  user_id: UserId;
  username: string;
  /** False after the user was archived. */
  is_active: boolean;
  api_key_id: ApiKeyId;
  /** Exclusive. */
  ends_at: Date | null;
  last_used_at: Date | null;
}

const ownerByPublicHalf = pointRead((reader, public_half: string) =>
  reader
    .selectFrom('api_keys')
    .innerJoin('users', 'users.id', 'api_keys.user_id')
    .select(['users.id as user_id', 'users.username', 'users.is_active', 'api_keys.id as api_key_id'])
    .select(['api_keys.secret_hash', 'api_keys.ends_at', 'api_keys.last_used_at'])
    .where('api_keys.pub_key', '=', public_half),
);

/** Finds a key whose private half matches, with its owner. */
export async function findApiKeyOwner(reader: Reader, key: ApiKey): Promise<ApiKeyOwner | undefined> {
  const [row] = await ownerByPublicHalf(reader, key.public_half);
  if (!row) return undefined;
  const { secret_hash, ...owner } = row;
  // A fast hash is sufficient: the private half is random and long.
  return equalConstantTime(secret_hash, sha256Hex(key.private_half)) ? owner : undefined;
}

/** Stores the last use of a key. Runs outside a transaction, since no other write depends on it. */
export async function updateApiKeyLastUsed(db: Db, id: ApiKeyId, at: Date): Promise<void> {
  await db.updateTable('api_keys').set({ last_used_at: at }).where('id', '=', id).execute();
}

export async function insertApiKey(
  tx: Tx,
  row: { user_id: UserId; title: string; key: ApiKey; created_at: Date; ends_at: Date | null },
): Promise<void> {
  const { key, ...rest } = row;
  await tx
    .insertInto('api_keys')
    .values({ ...rest, pub_key: key.public_half, secret_hash: sha256Hex(key.private_half) })
    .execute();
}

/** Counts the keys of a user. Index: api_keys_user_id. */
export async function countApiKeys(reader: Reader, user_id: UserId): Promise<number> {
  const row = await reader
    .selectFrom('api_keys')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('user_id', '=', user_id)
    .executeTakeFirstOrThrow();
  return row.count;
}

/** Deletes keys that expired before the instant; returns how many. */
export async function deleteApiKeysBefore(tx: Tx, before: Date, rows_max: number): Promise<number> {
  const deleted = await tx
    .deleteFrom('api_keys')
    .where('id', 'in', (eb) => eb.selectFrom('api_keys').select('id').where('ends_at', '<', before).limit(rows_max))
    .executeTakeFirst();
  return Number(deleted.numDeletedRows);
}

/** Deletes a user's key by its public half; true if there was one. */
export async function deleteApiKey(tx: Tx, user_id: UserId, public_half: string): Promise<boolean> {
  const deleted = await tx
    .deleteFrom('api_keys')
    .where('user_id', '=', user_id)
    .where('pub_key', '=', public_half)
    .executeTakeFirst();
  return deleted.numDeletedRows > 0n;
}

/** Deletes every key of a user; returns how many. */
export async function deleteApiKeys(tx: Tx, user_id: UserId): Promise<number> {
  const deleted = await tx.deleteFrom('api_keys').where('user_id', '=', user_id).executeTakeFirst();
  return Number(deleted.numDeletedRows);
}

/** Returns the first 100 keys of a user, by title. Index: api_keys_user_id. */
export async function findApiKeys(reader: Reader, user_id: UserId): Promise<ApiKeyEntry[]> {
  return reader
    .selectFrom('api_keys')
    .select(['title', 'pub_key as api_pub_key', 'created_at', 'ends_at', 'last_used_at'])
    .where('user_id', '=', user_id)
    .orderBy('title')
    .orderBy('id')
    .limit(100)
    .execute();
}

export const apiKeyList = defineList({
  search: { title: 'api_keys.title' },
  sort: { title: 'api_keys.title', ends_at: 'api_keys.ends_at' },
  default_order: [{ column: 'api_keys.title', descending: false }],
  tie_breaker: 'api_keys.id',
});

export interface ApiKeyEntry {
  title: string;
  api_pub_key: string;
  created_at: Date;
  ends_at: Date | null;
  last_used_at: Date | null;
}

/** Lists the keys of a user without their private halves, which are stored as hashes. */
export async function listApiKeys(
  reader: Reader,
  user_id: UserId,
  list: ListQuery,
  url: URL,
): Promise<Page<ApiKeyEntry>> {
  const query = reader
    .selectFrom('api_keys')
    .select(['title', 'pub_key as api_pub_key', 'created_at', 'ends_at', 'last_used_at'])
    .where('user_id', '=', user_id);
  return listPage(reader, query, apiKeyList, list, url);
}
