import { sql } from 'kysely';
import type { ListQuery, Page } from '#kernel/page';
import type { ReminderSpan } from '#kernel/reminder';
import type { CartItemId, ClaimId, PlanId, ProfileId, UserId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import { fragment } from '#platform/db/fragment';
import { insertion } from '#platform/db/insertion';
import { defineList, listPage } from '#platform/db/list';
import { type Part, readRows } from '#platform/db/together';
import type { OrderLine } from '../records/index.ts';
import type { Claim } from './claim.ts';

/** Part that inserts claims. */
export function insertedClaims(claims: readonly Omit<Claim, 'id' | 'reminders_count'>[]): Part<Claim[]> {
  const columns = [
    'order_id',
    'profile_id',
    'email',
    'full_name',
    'code_hash',
    'created_at',
    'sent_at',
    'expires_at',
    'revoked_at',
  ] as const;
  return {
    query: fragment`${insertion('claims', columns, claims)} returning *`,
    read: (rows) => readRows<Claim>(rows, ['created_at', 'sent_at', 'expires_at', 'revoked_at']),
  };
}

export async function updateClaimCode(
  tx: Tx,
  id: ClaimId,
  code: Pick<Claim, 'code_hash' | 'sent_at' | 'expires_at'>,
): Promise<void> {
  await tx.updateTable('claims').set(code).where('id', '=', id).execute();
}

export async function updateClaimRevoked(tx: Tx, id: ClaimId, revoked_at: Date): Promise<void> {
  await tx.updateTable('claims').set({ revoked_at }).where('id', '=', id).execute();
}

export async function findClaimByHash(reader: Reader, code_hash: string): Promise<Claim | undefined> {
  return reader.selectFrom('claims').selectAll().where('code_hash', '=', code_hash).executeTakeFirst();
}

/** Selects a claim FOR UPDATE; serializes concurrent uses of one code. */
export async function lockClaim(tx: Tx, id: ClaimId): Promise<Claim | undefined> {
  return tx.selectFrom('claims').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();
}

/** Selects a claim of a payer FOR UPDATE. */
export async function lockClaimOf(tx: Tx, profile_id: ProfileId, id: number): Promise<Claim | undefined> {
  return selectClaimOf(tx, profile_id, id).forUpdate().executeTakeFirst();
}

function selectClaimOf(reader: Reader, profile_id: ProfileId, id: number) {
  return reader
    .selectFrom('claims')
    .selectAll()
    .where(sql<boolean>`id = ${id}`)
    .where('profile_id', '=', profile_id);
}

export const seatList = defineList({
  search: { email: 'claims.email', full_name: 'claims.full_name' },
  sort: { email: 'claims.email', full_name: 'claims.full_name', created_at: 'claims.created_at' },
  default_order: [{ column: 'claims.created_at', descending: true }],
  tie_breaker: 'claims.id',
  date: 'claims.created_at',
});

/** Lists the claims that a payer bought, newest first. Index: claims_profile_id. */
export async function listClaims(
  reader: Reader,
  profile_id: ProfileId,
  list: ListQuery,
  url: URL,
): Promise<Page<Claim>> {
  const query = reader.selectFrom('claims').selectAll('claims').where('claims.profile_id', '=', profile_id);
  return listPage(reader, query, seatList, list, url);
}

/** Finds a claim of a payer. */
export async function findClaimOf(reader: Reader, profile_id: ProfileId, id: number): Promise<Claim | undefined> {
  return selectClaimOf(reader, profile_id, id).executeTakeFirst();
}

/** Selects the order lines of claims by order and rank. Index: order_lines_claim_id. */
export async function findClaimLines(reader: Reader, ids: readonly ClaimId[]): Promise<OrderLine[]> {
  if (ids.length === 0) return [];
  return reader
    .selectFrom('order_lines')
    .selectAll()
    .where('claim_id', 'in', [...new Set(ids)])
    .orderBy('order_id')
    .orderBy('rank')
    .execute();
}

/**
 * Selects the order lines of seats by the ids of their ledger subjects, by order and rank. Index: order_lines_seats.
 */
export async function findLinesOfSeats(reader: Reader, seat_ids: readonly string[]): Promise<OrderLine[]> {
  return reader
    .selectFrom('order_lines')
    .selectAll()
    .where('subject_id', 'in', [...new Set(seat_ids)])
    .where('subject_kind', '=', sql.lit('cpn'))
    .orderBy('order_id')
    .orderBy('rank')
    .execute();
}

interface ClaimItem {
  id: CartItemId;
  claim_id: ClaimId;
  plan_id: PlanId;
  user_id: UserId | null;
  recorded_at: Date | null;
}

/** Selects the cart items, open or ordered, of claimed seats. Index: cart_items_claim. */
export async function findClaimItems(reader: Reader, ids: readonly ClaimId[]): Promise<ClaimItem[]> {
  if (ids.length === 0) return [];
  const rows = await reader
    .selectFrom('cart_items')
    .select(['id', 'claim_id', 'plan_id', 'user_id', 'recorded_at'])
    .where('claim_id', 'in', [...new Set(ids)])
    .execute();
  return rows.flatMap(({ claim_id, ...row }) => (claim_id === null ? [] : [{ ...row, claim_id }]));
}

/**
 * Inserts a prepaid item into a cart. `full_name` is the payer's. The unique index cart_items_claim rejects a second
 * one.
 */
export async function insertClaimItem(
  tx: Tx,
  item: { user_id: UserId; plan_id: PlanId; claim_id: ClaimId; full_name: string; created_at: Date },
): Promise<CartItemId> {
  const row = await tx.insertInto('cart_items').values(item).returning('id').executeTakeFirstOrThrow();
  return row.id;
}

/** Finds claims whose code is valid at `at`, with less than `count` reminders, by id. Index: claims_created_at. */
export async function findUnclaimed(
  reader: Reader,
  { since, until }: ReminderSpan,
  { count, at, after, limit }: { count: number; at: Date; after: ClaimId | null; limit: number },
): Promise<Claim[]> {
  return reader
    .selectFrom('claims')
    .selectAll()
    .where('created_at', '>', since)
    .where('created_at', '<=', until)
    .where('expires_at', '>', at)
    .where('revoked_at', 'is', null)
    .where('reminders_count', '<', count)
    .where('id', '>', after ?? (0 as ClaimId)) // ids start at 1
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** Records that a claim has had `count` reminders in all; false if it had as many before. */
export async function recordSeatReminders(tx: Tx, id: ClaimId, count: number): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('claims')
    .set({ reminders_count: count })
    .where('id', '=', id)
    .where('reminders_count', '<', count)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}
