import type { Selectable } from 'kysely';
import { normalizeCode } from '#kernel/text';
import type { ClaimsTable } from '#platform/db/db-schema';

/** Seats of one person without an account in one order. The person claims them with a code. */
export type Claim = Selectable<ClaimsTable>;

/** Validity of a code after it was sent. */
export const CODE_VALID_MS = 90 * 86_400_000;

/** Minimum time between two messages with a code to the same person. */
export const RESEND_AFTER_MS = 3_600_000;

export type ClaimRefusal = 'claim_expired' | 'claim_unpaid' | 'claim_refunded';

/** Plan of a claim, with the amount that its order lines cost. */
export interface PaidSeat {
  plan_id: number;
  amount: number;
  /** True for a free seat, or if a charge that is pending or done covers it. */
  is_paid: boolean;
  refunded_amount: number;
}

/** True if a text has the form of a claim code: 40 hexadecimal digits. */
export function isClaimCode(typed: string): boolean {
  return /^[0-9a-f]{40}$/i.test(normalizeCode(typed));
}

/**
 * Returns the reason why no seat of a claim can be claimed at `at`, or null.
 *
 * Pure. A full refund closes one seat and leaves the other seats of the claim open.
 */
export function refuseClaim(
  claim: Pick<Claim, 'expires_at'>,
  seats: readonly PaidSeat[],
  at: Date,
): ClaimRefusal | null {
  if (claim.expires_at <= at) return 'claim_expired';
  if (openSeats(seats).length > 0) return null;
  return seats.some(({ is_paid }) => !is_paid) ? 'claim_unpaid' : 'claim_refunded';
}

/** Returns the seats that are paid and not refunded in full. Free seats are always open. */
export function openSeats(seats: readonly PaidSeat[]): PaidSeat[] {
  return seats.filter(({ amount, is_paid, refunded_amount }) => is_paid && (amount === 0 || refunded_amount < amount));
}
