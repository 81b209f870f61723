import type { Tx } from '#platform/db/database';
import { closeAttempt, findAttemptByIntent, findAttemptByKey, findCharge, type Orphan } from '../records/index.ts';

/** An order that was given up is settled if its payment is found within an hour; this is longer. */
const GIVEN_UP_MS = 2 * 3_600_000;

/**
 * Returns who wants a payment: `claimed` an order that has it, `open` an attempt that may still get it, null: no one.
 * An attempt that was given up long ago can then no longer be settled.
 *
 * The caller has locked the payer's profile, so no order claims the payment at the same time.
 */
export async function findClaim(
  tx: Tx,
  { intent_key, attempt_key, charge_key }: Pick<Orphan, 'intent_key' | 'attempt_key' | 'charge_key'>,
  at: Date,
): Promise<'claimed' | 'open' | null> {
  if (await findCharge(tx, charge_key)) return 'claimed';
  const attempt =
    (await findAttemptByIntent(tx, intent_key)) ??
    (attempt_key === null ? undefined : await findAttemptByKey(tx, attempt_key));
  // A settled attempt has another charge: this payment is a second one.
  if (!attempt || attempt.state === 'declined' || attempt.state === 'settled') return null;
  if (attempt.state !== 'failed' || at.getTime() - attempt.updated_at.getTime() < GIVEN_UP_MS) return 'open';
  const detail = 'The payment came too late and goes back.';
  const end = { state: 'declined', processor_key: null, decline_code: 'returned', decline_kind: null, detail } as const;
  await closeAttempt(tx, attempt.id, ['failed'], { ...end, updated_at: at });
  return null;
}
