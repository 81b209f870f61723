import type { Tx } from '#platform/db/database';
import type { UserId } from '#platform/db/db-schema';
import { prepareVerification, type PreparedVerification, type VerificationRequest } from './prepare-verification.ts';
import { findPreparedAt, voidVerificationsOf } from './verification-store.ts';

/**
 * Voids every outstanding link and code of the user and prepares a new one.
 *
 * Prepares none if a valid one for the same reason is younger than `unless_within_ms`; returns its instant instead.
 * Locks: the caller serializes calls for one user.
 */
export async function replaceVerification(
  tx: Tx,
  request: VerificationRequest & { user_id: UserId; reason: string },
  at: Date,
  unless_within_ms: number,
): Promise<PreparedVerification | { prepared_at: Date }> {
  const prepared_at = await findPreparedAt(tx, request.user_id, request.reason, at);
  if (prepared_at && at.getTime() - prepared_at.getTime() < unless_within_ms) return { prepared_at };
  await voidVerificationsOf(tx, request.user_id, at);
  return prepareVerification(tx, request, at);
}
