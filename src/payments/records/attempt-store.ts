import assert from 'node:assert/strict';
import type { Insertable, Selectable } from 'kysely';
import type { ChargeAttemptId, ChargeAttemptsTable, ProfileId, UserId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import { fragment } from '#platform/db/fragment';
import { insertion } from '#platform/db/insertion';
import { type Part, readRows } from '#platform/db/together';
import type { SavedCard } from '../processors/index.ts';
import type { Attempt } from './attempt.ts';

type AttemptRow = Selectable<ChargeAttemptsTable>;

/** Finds an attempt by id, without its source. */
export async function findAttempt(reader: Reader, id: ChargeAttemptId): Promise<Attempt | undefined> {
  const row = await reader.selectFrom('charge_attempts').selectAll().where('id', '=', id).executeTakeFirst();
  return row && { ...row, source: null };
}

/** Finds the attempt with an idempotency key, without its source. */
export async function findAttemptByKey(reader: Reader, key: string): Promise<Attempt | undefined> {
  const row = await reader.selectFrom('charge_attempts').selectAll().where('key', '=', key).executeTakeFirst();
  return row && { ...row, source: null };
}

/** Finds the attempt that has an intent of the processor, without its source. Index: unique key. */
export async function findAttemptByIntent(reader: Reader, intent_key: string): Promise<Attempt | undefined> {
  const row = await reader
    .selectFrom('charge_attempts')
    .selectAll()
    .where('intent_key', '=', intent_key)
    .executeTakeFirst();
  return row && { ...row, source: null };
}

/**
 * Finds the newest attempt since an instant that its payer, a user, was asked to confirm, without its source. Index:
 * charge_attempts_confirmed_by.
 */
export async function findConfirmedAttempt(reader: Reader, user_id: UserId, since: Date): Promise<Attempt | undefined> {
  const row = await reader
    .selectFrom('charge_attempts')
    .selectAll()
    .where('created_by', '=', user_id)
    .where('intent_key', 'is not', null)
    .where('created_at', '>=', since)
    .orderBy('id', 'desc')
    .executeTakeFirst();
  return row && { ...row, source: null };
}

/**
 * Finds the attempt of a profile that waits for the confirmation of a user, of a visitor without an account (null), or
 * of anyone (omitted), without its source. Index: charge_attempts_awaiting.
 */
export async function findWaitingAttempt(
  reader: Reader,
  profile_id: ProfileId,
  created_by?: UserId | null,
): Promise<Attempt | undefined> {
  let query = reader
    .selectFrom('charge_attempts')
    .selectAll()
    .where('profile_id', '=', profile_id)
    .where('state', '=', 'awaiting_action');
  if (created_by !== undefined) query = query.where('created_by', created_by === null ? 'is' : '=', created_by);
  const row = await query.orderBy('id', 'desc').executeTakeFirst();
  return row && { ...row, source: null };
}

/** Closes an attempt that is in one of the states `from`; false if it is in another. */
export async function closeAttempt(
  tx: Tx,
  id: ChargeAttemptId,
  from: readonly AttemptRow['state'][],
  end: Pick<AttemptRow, 'state' | 'processor_key' | 'decline_code' | 'decline_kind' | 'detail' | 'updated_at'>,
): Promise<boolean> {
  const row = await tx
    .updateTable('charge_attempts')
    .set(end)
    .where('id', '=', id)
    .where('state', 'in', from)
    .returning('id')
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * Part that closes an attempt for its charge, unless it is settled or declined. Its rows are those that it closed: the
 * part that inserts the charge names it.
 */
export function closedAttempt(id: ChargeAttemptId, processor_key: string, at: Date): Part<void> {
  const query = fragment`update charge_attempts
    set state = 'settled', processor_key = ${processor_key}, decline_code = null, decline_kind = null, detail = null,
      updated_at = ${at}
    where id = ${id} and state in ('reserved', 'awaiting_action', 'failed') returning id`;
  return { query, read: null };
}

/** Notes the card of a payment that is decided later, and that the payer does not want on file. */
export async function noteUnwantedCard(
  tx: Tx,
  id: ChargeAttemptId,
  { customer_key, method_key }: Pick<SavedCard, 'customer_key' | 'method_key'>,
): Promise<void> {
  await tx
    .updateTable('charge_attempts')
    .set({ unwanted_customer_key: customer_key, unwanted_method_key: method_key })
    .where('id', '=', id)
    .execute();
}

/** Removes the note of an unwanted card, and returns the card; null without one. */
export async function takeUnwantedCard(
  tx: Tx,
  id: ChargeAttemptId,
): Promise<(SavedCard & { processor: string; profile_id: ProfileId }) | null> {
  const row = await tx
    .selectFrom('charge_attempts')
    .select(['profile_id', 'processor', 'account', 'unwanted_customer_key', 'unwanted_method_key'])
    .where('id', '=', id)
    .where('unwanted_method_key', 'is not', null)
    .forUpdate()
    .executeTakeFirst();
  if (!row || row.unwanted_customer_key === null || row.unwanted_method_key === null) return null;
  await tx
    .updateTable('charge_attempts')
    .set({ unwanted_customer_key: null, unwanted_method_key: null })
    .where('id', '=', id)
    .execute();
  const { profile_id, processor, account, unwanted_customer_key: customer_key, unwanted_method_key: method_key } = row;
  return { profile_id, processor, account, customer_key, method_key };
}

const attempt_columns = [
  'key',
  'profile_id',
  'created_by',
  'amount',
  'unit',
  'description',
  'processor',
  'account',
  'broker_fee_amount',
  'intent_key',
  'card_key',
  'remember_card',
  'state',
  'created_at',
  'reserved_at',
  'updated_at',
] as const;

export type NewAttemptRow = Pick<Insertable<ChargeAttemptsTable>, (typeof attempt_columns)[number]>;

/** Part that inserts an attempt; the part that inserts its order names it. */
export function insertedAttempt(attempt: NewAttemptRow): Part<AttemptRow> {
  return {
    query: fragment`${insertion('charge_attempts', attempt_columns, [attempt])} returning *`,
    read(rows) {
      const [row] = readRows<AttemptRow>(rows, ['created_at', 'reserved_at', 'updated_at', 'expires_at', 'again_at']);
      assert(row, 'an attempt was inserted');
      return row;
    },
  };
}

/** Notes that a job makes the call of a reserved attempt again from an instant on; no effect in any other state. */
export async function postponeAttempt(tx: Tx, id: ChargeAttemptId, again_at: Date): Promise<void> {
  await tx
    .updateTable('charge_attempts')
    .set({ again_at })
    .where('id', '=', id)
    .where('state', '=', 'reserved')
    .execute();
}

/** Finds reserved attempts whose call is made again at an instant, by id, without their sources. */
export async function findPostponedAttempts(
  reader: Reader,
  at: Date,
  { after, limit }: { after: ChargeAttemptId | null; limit: number },
): Promise<Attempt[]> {
  // Index: charge_attempts_again.
  const rows = await reader
    .selectFrom('charge_attempts')
    .selectAll()
    .where('state', '=', 'reserved')
    .where('again_at', 'is not', null)
    .where('again_at', '<=', at)
    .where('id', '>', after ?? (0 as ChargeAttemptId)) // ids start at 1
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ ...row, source: null }));
}

/**
 * Claims the call of a postponed attempt until `lease_until`, after which another run makes it; null if another run has
 * it.
 */
export async function claimPostponed(
  tx: Tx,
  id: ChargeAttemptId,
  { at, lease_until }: { at: Date; lease_until: Date },
): Promise<Attempt | null> {
  const row = await tx
    .updateTable('charge_attempts')
    .set((eb) => ({ again_at: lease_until, again_count: eb('again_count', '+', 1) }))
    .where('id', '=', id)
    .where('state', '=', 'reserved')
    .where('again_at', '<=', at)
    .returningAll()
    .executeTakeFirst();
  return row ? { ...row, source: null } : null;
}

/** Notes that the call of an attempt is not made again: the job that finishes orders looks it up. */
export async function endPostponement(tx: Tx, id: ChargeAttemptId): Promise<void> {
  await tx.updateTable('charge_attempts').set({ again_at: null }).where('id', '=', id).execute();
}

/** Moves a reserved attempt to awaiting_action; no effect in any other state. */
export async function markAwaitingAction(
  tx: Tx,
  id: ChargeAttemptId,
  wait: { intent_key: string; expires_at: Date; updated_at: Date },
): Promise<void> {
  await tx
    .updateTable('charge_attempts')
    .set({ state: 'awaiting_action', ...wait })
    .where('id', '=', id)
    .where('state', '=', 'reserved')
    .execute();
}
