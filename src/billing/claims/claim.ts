import type { Selectable } from 'kysely';
import { isEmailVerified, type User } from '#accounts';
import { parseEmail } from '#kernel/email';
import { normalizeCode } from '#kernel/text';
import type { Terms } from '#platform/context';
import type { ClaimsTable, PlanId } from '#platform/db/db-schema';

/** Seats of one person without an account in one order. The person claims them with a code. */
export type Claim = Selectable<ClaimsTable>;

const DAY_MS = 86_400_000;

/** Minimum time between two messages with a code to the same person. */
export const RESEND_AFTER_MS = 3_600_000;

export type ClaimRefusal = 'claim_expired' | 'claim_unpaid' | 'claim_refunded' | 'claim_revoked';

/** Plan of a claim, with the amount that its order lines cost. */
export interface PaidSeat {
  plan_id: PlanId;
  amount: number;
  /**
   * True for a free seat, if a charge that is pending or done covers it, or if its provider received the price outside
   * of the site.
   */
  is_paid: boolean;
  /** True if a part was paid outside of the site: no charge can refund it. */
  is_paid_offline: boolean;
  refunded_amount: number;
}

/** True if a text has the form of a claim code: 40 hexadecimal digits. */
export function isClaimCode(typed: string): boolean {
  return /^[0-9a-f]{40}$/i.test(normalizeCode(typed));
}

/** Returns when a code that is sent at `at` ends; the code is valid before that. */
export function codeExpiry(at: Date, { seat_code_days }: Terms): Date {
  return new Date(at.getTime() + seat_code_days * DAY_MS);
}

/**
 * Returns the reason why no seat of a claim can be claimed at `at`, or null.
 *
 * Pure. A full refund closes one seat and leaves the other seats of the claim open.
 */
export function refuseClaim(
  claim: Pick<Claim, 'expires_at' | 'revoked_at'>,
  seats: readonly PaidSeat[],
  at: Date,
): ClaimRefusal | null {
  if (openSeats(claim, seats).length > 0) return claim.expires_at <= at ? 'claim_expired' : null;
  if (claim.revoked_at !== null) return 'claim_revoked';
  return seats.some(({ is_paid }) => !is_paid) ? 'claim_unpaid' : 'claim_refunded';
}

/**
 * Returns the seats that are paid and not refunded in full. A free seat is open until it is revoked. A revoked seat
 * whose refund failed is open again.
 */
export function openSeats({ revoked_at }: Pick<Claim, 'revoked_at'>, seats: readonly PaidSeat[]): PaidSeat[] {
  return seats.filter(({ amount, is_paid, refunded_amount }) =>
    amount === 0 ? revoked_at === null : is_paid && refunded_amount < amount,
  );
}

/**
 * True if a user may claim the seats: the address of the claim is the verified address of the user.
 * @see docs/decisions/0076-codes-of-seats-are-bound.md
 */
export function isClaimOf(claim: Pick<Claim, 'email'>, user: Pick<User, 'email' | 'email_verified_at'>): boolean {
  return isEmailVerified(user) && parseEmail(user.email ?? '')?.toLowerCase() === claim.email.toLowerCase();
}
