import type { Selectable } from 'kysely';
import { normalizeCode } from '#kernel/text';
import type { ClaimsTable } from '#platform/db/db-schema';

/** What a buyer paid for one person without an account in one order; claimed with a code. */
export type Claim = Selectable<ClaimsTable>;

/** How long a code can be used after it was sent. */
export const CODE_VALID_MS = 90 * 86_400_000;

/** Minimum time between two messages with a code to the same person. */
export const RESEND_AFTER_MS = 3_600_000;

export type ClaimRefusal = 'claim_expired' | 'claim_unpaid' | 'claim_refunded';

/** A plan of a claim with what was paid for it. */
export interface PaidSeat {
  plan_id: number;
  amount: number;
  /** False while no charge covers the amount. */
  is_paid: boolean;
  refunded_amount: number;
}

/** True if a text has the form of a code: 40 hexadecimal digits. */
export function isClaimCode(typed: string): boolean {
  return /^[0-9a-f]{40}$/i.test(normalizeCode(typed));
}

/**
 * Returns the reason why no seat of a claim can be claimed at `at`, or null.
 *
 * Pure. A seat that was refunded in full is lost; another seat of the same claim is not.
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

/** The seats that are paid and not refunded in full. Free seats are always open. */
export function openSeats(seats: readonly PaidSeat[]): PaidSeat[] {
  return seats.filter(({ amount, is_paid, refunded_amount }) => is_paid && (amount === 0 || refunded_amount < amount));
}
