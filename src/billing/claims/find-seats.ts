import { findPlansByIds } from '#catalog';
import type { ClaimId, ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import type { Context } from '#platform/context';
import { type Claim, openSeats, RESEND_AFTER_MS } from './claim.ts';
import { findClaimItems, findClaimLines, findClaimsOf } from './claim-store.ts';
import { findPaidSeats } from './paid-seats.ts';

const SEATS_LISTED_MAX = 1000;

/** `expired`: the code is no longer valid; the payer can send a new one. */
export type SeatState = 'open' | 'claimed' | 'expired' | 'unpaid' | 'refunded';

/** Seats of one person without an account in one order, as the payer sees them. */
export interface ListedSeat {
  id: ClaimId;
  email: string;
  full_name: string;
  plans: { slug: string; title: string }[];
  state: SeatState;
  created_at: Date;
  sent_at: Date;
  expires_at: Date;
  may_resend: boolean;
}

/** Loads the seats that a payer bought for people without an account, newest first, at most 1000. */
export async function findSeats(ctx: Context, profile_id: ProfileId): Promise<ListedSeat[]> {
  return describeSeats(ctx.db, await findClaimsOf(ctx.db, profile_id, SEATS_LISTED_MAX), ctx.clock.now());
}

/** Loads the seats of claims, in the order given. */
export async function describeSeats(reader: Reader, claims: readonly Claim[], at: Date): Promise<ListedSeat[]> {
  const ids = claims.map(({ id }) => id);
  const [lines, items, seats] = [
    await findClaimLines(reader, ids),
    await findClaimItems(reader, ids),
    await findPaidSeats(reader, ids),
  ];
  const plans = await findPlansByIds(
    reader,
    lines.flatMap(({ plan_id }) => plan_id ?? []),
  );
  return claims.map((claim) => {
    const plan_ids = new Set(
      lines.filter(({ claim_id }) => claim_id === claim.id).flatMap(({ plan_id }) => plan_id ?? []),
    );
    const open = openSeats(seats.get(claim.id) ?? []);
    const claimed_items = items.filter(({ claim_id }) => claim_id === claim.id);
    const free = open.filter(({ plan_id }) => !claimed_items.some((item) => item.plan_id === plan_id));
    const is_paid = (seats.get(claim.id) ?? []).every((seat) => seat.is_paid);
    const state = stateOf(claim, { free_count: free.length, taken_count: claimed_items.length, is_paid, at });
    return {
      id: claim.id,
      email: claim.email,
      full_name: claim.full_name,
      plans: [...plan_ids].flatMap((id) => {
        const plan = plans.get(id);
        return plan ? [{ slug: plan.slug, title: plan.title }] : [];
      }),
      state,
      created_at: claim.created_at,
      sent_at: claim.sent_at,
      expires_at: claim.expires_at,
      may_resend: mayResend(claim, state, at),
    };
  });
}

function stateOf(
  claim: Claim,
  { free_count, taken_count, is_paid, at }: { free_count: number; taken_count: number; is_paid: boolean; at: Date },
): SeatState {
  if (free_count > 0) return claim.expires_at <= at ? 'expired' : 'open';
  if (taken_count > 0) return 'claimed';
  return is_paid ? 'refunded' : 'unpaid';
}

function mayResend(claim: Claim, state: SeatState, at: Date): boolean {
  return ['open', 'expired'].includes(state) && at.getTime() - claim.sent_at.getTime() >= RESEND_AFTER_MS;
}
