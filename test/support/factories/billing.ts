import assert from 'node:assert/strict';
import type { User } from '#accounts';
import { addToCart, type CheckoutInput, checkOut } from '#billing';
import type { Plan } from '#catalog';
import { Problem } from '#kernel/problem';
import { findPersonalProfile, type Profile } from '#profiles';
import { signedIn, type TestContext } from '../context.ts';
import { makeReadyUser } from './profiles.ts';

/** A buyer with a personal profile, who pays for the own cart. */
export interface Buyer {
  ctx: TestContext;
  user: User;
  profile: Profile;
  owner: { user_id: User['id'] };
}

export async function makeBuyer(ctx: TestContext): Promise<Buyer> {
  const user = await makeReadyUser(ctx.db, { personal: true });
  const profile = await findPersonalProfile(ctx.db, user.id);
  assert(profile);
  return { ctx: { ...ctx, actor: signedIn(user) }, user, profile, owner: { user_id: user.id } };
}

/** Payment of the checkout form: a token, or null for the card on file. */
export const makeCheckoutInput = (token: string | null, more: Partial<CheckoutInput> = {}): CheckoutInput => ({
  token,
  remember_card: false,
  cart_version: null,
  ...more,
});

/** Puts a plan into the cart, for the buyer or for the user that `sync_on` names. */
export const addPlanToCart = (
  buyer: Buyer,
  plan: Plan,
  wish: { option?: number; use?: string; sync_on?: string } = {},
) => addToCart(buyer.ctx, buyer.owner, [{ plan: plan.slug, ...wish }]);

/** Checks out the cart, by default with a valid card. */
export const checkOutCart = (buyer: Buyer, token = 'tok_visa', payer: Profile = buyer.profile) =>
  checkOut(buyer.ctx, payer.id, buyer.owner, makeCheckoutInput(token));

/** Amounts that the processor charged to a profile, one per charge. */
export async function findChargedAmounts({ ctx, profile }: Pick<Buyer, 'ctx' | 'profile'>): Promise<number[]> {
  const rows = await ctx.db
    .selectFrom('test_processor_charges')
    .innerJoin('charge_attempts', 'charge_attempts.key', 'test_processor_charges.idempotency_key')
    .select('test_processor_charges.amount')
    .where('charge_attempts.profile_id', '=', profile.id)
    .where('outcome', '=', 'accepted')
    .orderBy('test_processor_charges.created_at')
    .execute();
  return rows.map(({ amount }) => amount);
}

/** For `assert.rejects`: the call throws the problem with that code. */
export const isProblemWithCode = (code: string) => (error: unknown) => error instanceof Problem && error.code === code;
