import { findPlansByIds } from '#catalog';
import type { ClaimId, ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { mergeReads } from '#platform/db/merge-reads';
import type { Context } from '#platform/context';
import type { Money } from '#kernel/money';
import type { ListQuery, Page } from '#kernel/page';
import { type Claim, openSeats, RESEND_AFTER_MS } from './claim.ts';
import { findClaimItems, findClaimLines, listClaims } from './claim-store.ts';
import { findPaidSeatsOf } from './paid-seats.ts';

/**
 * `expired`: the code is no longer valid; the payer can send a new one. `revoked`: the payer revoked the seat before it
 * was claimed.
 */
export type SeatState = 'open' | 'claimed' | 'expired' | 'unpaid' | 'refunded' | 'revoked';

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
  /** True while no one has claimed the seat, if a charge paid it: the payer gets the price back on its card. */
  may_revoke: boolean;
  /** What the payer gets back when the seat is revoked. */
  refundable: Money;
}

/** Lists the seats that a payer bought for people without an account, newest first. */
export async function listSeats(
  ctx: Context,
  profile_id: ProfileId,
  list: ListQuery,
  url: URL,
): Promise<Page<ListedSeat>> {
  const page = await listClaims(ctx.db, profile_id, list, url);
  return { ...page, results: await describeSeats(ctx.db, page.results, ctx.clock.now()) };
}

/** Loads the seats of claims, in the order given. The number of statements does not depend on the number of claims. */
export async function describeSeats(reader: Reader, claims: readonly Claim[], at: Date): Promise<ListedSeat[]> {
  if (claims.length === 0) return [];
  const ids = claims.map(({ id }) => id);
  const lines = await findClaimLines(reader, ids);
  const plan_ids = lines.flatMap(({ plan_id }) => plan_id ?? []);
  const [items, plans] = await mergeReads(reader, [
    (together) => findClaimItems(together, ids),
    (together) => findPlansByIds(together, plan_ids),
  ]);
  const seats = await findPaidSeatsOf(reader, lines);
  return claims.map((claim) => {
    const plan_ids = new Set(
      lines.filter(({ claim_id }) => claim_id === claim.id).flatMap(({ plan_id }) => plan_id ?? []),
    );
    const open = openSeats(claim, seats.get(claim.id) ?? []);
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
      may_resend: isWaiting(state) && at.getTime() - claim.sent_at.getTime() >= RESEND_AFTER_MS,
      may_revoke: isWaiting(state) && !free.some(({ is_paid_offline }) => is_paid_offline),
      refundable: {
        amount: free.reduce((sum, { amount, refunded_amount }) => sum + amount - refunded_amount, 0),
        unit: lines.find(({ claim_id }) => claim_id === claim.id)?.unit ?? 'usd',
      },
    };
  });
}

function stateOf(
  claim: Claim,
  { free_count, taken_count, is_paid, at }: { free_count: number; taken_count: number; is_paid: boolean; at: Date },
): SeatState {
  if (free_count > 0) return claim.expires_at <= at ? 'expired' : 'open';
  if (taken_count > 0) return 'claimed';
  if (claim.revoked_at !== null) return 'revoked';
  return is_paid ? 'refunded' : 'unpaid';
}

/** True for a seat that is paid and that no one has claimed. */
export function isWaiting(state: SeatState): boolean {
  return state === 'open' || state === 'expired';
}
