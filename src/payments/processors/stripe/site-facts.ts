import type { ChargeRequest, Payer } from '../processor.ts';
import type { StripeNeeds } from './stripe-needs.ts';

/** Names of Tollgate on objects of Stripe: the installation and the payer. */
export async function siteFacts(
  { installation }: Pick<StripeNeeds, 'installation'>,
  { profile_id }: Pick<Payer, 'profile_id'>,
): Promise<Record<string, string>> {
  return { tollgate_site: await installation(), tollgate_profile: String(profile_id) };
}

/** Names of Tollgate on a payment: also its attempt, with which it is looked up, and the order that it pays. */
export async function paymentFacts(
  needs: Pick<StripeNeeds, 'installation'>,
  { key, order_id, payer }: Pick<ChargeRequest, 'key' | 'order_id' | 'payer'>,
): Promise<Record<string, string>> {
  return { ...(await siteFacts(needs, payer)), tollgate_attempt: key, ...orderFacts({ order_id }) };
}

/** Name of the order that a payment pays, for its reader at Stripe; nothing depends on it. */
export function orderFacts({ order_id }: Pick<ChargeRequest, 'order_id'>): Record<string, string> {
  return order_id === null ? {} : { tollgate_order: String(order_id) };
}
