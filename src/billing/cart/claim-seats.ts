import { findUserById } from '#accounts';
import { commonProblems } from '#kernel/problem';
import { cutText, normalizeCode } from '#kernel/text';
import type { Context } from '#platform/context';
import { sha256Hex } from '#platform/security/crypto';
import { inTransaction, type Reader, type Tx } from '#platform/db/database';
import type { UserId } from '#platform/db/db-schema';
import { emailUnverifiedProblem, findProfileById, profileName, withVerificationSent } from '#profiles';
import { findCartItems, itemsMax } from '../records/index.ts';
import { type ItemOffer, showCartItems } from '../quotes/index.ts';
import { billingProblems } from '../problems.ts';
import {
  type Claim,
  isClaimOf,
  openSeats,
  refuseClaim,
  findClaimByHash,
  findClaimItems,
  findClaimLines,
  insertClaimItem,
  lockClaim,
  lockSeatCharges,
  findPaidSeats,
} from '../claims/index.ts';

/**
 * Adds the seats of a claim code to the cart of a user as prepaid items. Returns undefined if no claim has the code.
 * Idempotent: a repeated call by the same user changes nothing while the items are in the cart.
 *
 * Locks: the claim, then the charges that paid for it. A concurrent refund commits either before or after this.
 * @throws email_unverified (403) if the code is for another address than the verified one of the user
 * @throws claim_used, claim_expired, claim_unpaid, claim_refunded, claim_revoked (409), cart_full (400)
 */
export async function claimSeats(
  ctx: Context,
  user_id: UserId,
  typed: string,
): Promise<{ items_count: number; offers: ItemOffer[] } | undefined> {
  const found = await findClaimByHash(ctx.db, hashOf(typed));
  if (!found) return undefined;
  const at = ctx.clock.now();
  const claimAll = async (tx: Tx) => {
    const claim = await lockClaim(tx, found.id);
    // A concurrent request may have replaced the code before the claim was locked.
    if (claim?.code_hash !== found.code_hash) throw billingProblems.claim_expired();
    await requireAddress(tx, claim, user_id);
    await lockSeatCharges(tx, [claim.id]);
    const items_count = await addSeats(tx, claim, user_id, at);
    return { items_count, offers: await showCartItems(tx, { user_id }, at) };
  };
  return withVerificationSent(ctx, () => inTransaction(ctx.db, claimAll));
}

/** @throws email_unverified (403) if the claim is not for a verified address of the user */
async function requireAddress(reader: Reader, claim: Claim, user_id: UserId): Promise<void> {
  const user = await findUserById(reader, user_id);
  if (!user) throw commonProblems.not_found();
  if (!isClaimOf(claim, user)) {
    throw emailUnverifiedProblem(user, claim.email, 'Verify the e-mail address that this code was sent to first.');
  }
}

async function addSeats(tx: Tx, claim: Claim, user_id: UserId, at: Date): Promise<number> {
  const seats = (await findPaidSeats(tx, [claim.id])).get(claim.id) ?? [];
  const claimed_items = await findClaimItems(tx, [claim.id]);
  const own = claimed_items.filter((item) => item.user_id === user_id && item.recorded_at === null);
  const free = openSeats(claim, seats).filter(({ plan_id }) => !claimed_items.some((item) => item.plan_id === plan_id));
  if (free.length === 0) {
    if (own.length > 0) return own.length;
    if (claimed_items.length > 0) throw billingProblems.claim_used();
  }
  const items = await findCartItems(tx, { user_id });
  if (items.length + free.length > itemsMax({ user_id })) throw billingProblems.cart_full();
  const refusal = refuseClaim(claim, seats, at);
  if (refusal) throw billingProblems[refusal]();
  const payer = await findProfileById(tx, claim.profile_id);
  const full_name = payer?.is_active ? cutText(profileName(payer), 150) : '';
  const lines = await findClaimLines(tx, [claim.id]);
  for (const { plan_id } of free) {
    const line = lines.find((each) => each.plan_id === plan_id);
    if (!line || line.plan_id === null) continue;
    await insertClaimItem(tx, { user_id, plan_id: line.plan_id, claim_id: claim.id, full_name, created_at: at });
  }
  return free.length;
}

/** Finds the claim of a code, claimed or not. */
export async function findClaim(ctx: Context, typed: string): Promise<Claim | undefined> {
  return findClaimByHash(ctx.db, hashOf(typed));
}

function hashOf(typed: string): string {
  return sha256Hex(normalizeCode(typed).toLowerCase());
}
