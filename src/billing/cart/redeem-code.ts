import { commonProblems } from '#kernel/problem';
import { normalizeCode } from '#kernel/text';
import type { Context } from '#platform/context';
import { paths } from '#platform/http/paths';
import type { CartOwner } from '../records/index.ts';
import { isClaimCode } from '../claims/index.ts';
import { claimSeats, findClaim } from './claim-seats.ts';
import type { ItemOffer } from '../quotes/index.ts';
import { redeemCoupon } from './redeem-coupon.ts';

export interface RedeemedCode {
  /** Sentence that states the effect of the code. */
  detail: string;
  /** All items of the cart with their new prices. */
  offers: ItemOffer[];
}

/**
 * Redeems a typed code. A claim code adds its prepaid seats to the cart; any other code is a discount code.
 * @throws credentials_required (401) for a claim code without a signed-in user
 * @throws email_unverified (403) for a claim code that was sent to another address
 * @throws claim_used, claim_expired, claim_unpaid, claim_refunded, claim_revoked (409), cart_full, coupon_useless (400)
 * @throws too_many_requests (429)
 */
export async function redeemCode(ctx: Context, owner: CartOwner, typed: string): Promise<RedeemedCode> {
  const code = normalizeCode(typed);
  if (isClaimCode(code)) {
    if ('visitor_hash' in owner && (await findClaim(ctx, code))) {
      throw commonProblems.credentials_required({
        detail: 'Sign in or register to use this code.',
        location: paths.login(paths.redeem(code)),
      });
    }
    const claimed = 'user_id' in owner ? await claimSeats(ctx, owner.user_id, code) : undefined;
    if (claimed) {
      const items = claimed.items_count === 1 ? 'One prepaid item is' : `${claimed.items_count} prepaid items are`;
      return {
        detail: `${items} in your cart. Check out to start. There is nothing to pay.`,
        offers: claimed.offers,
      };
    }
  }
  const { items_count, offers } = await redeemCoupon(ctx, owner, code);
  const detail =
    items_count > 0
      ? `Coupon '${code}' was successfully applied.`
      : `Coupon '${code}' is remembered. It is applied when you add a plan that it is for.`;
  return { detail, offers };
}
