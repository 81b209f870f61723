import { Type, type Static } from 'typebox';
import type { Context } from '../context.ts';
import { targetOf } from '../http/next.ts';

/** What a visitor chose to buy before signing in or registering. */
export const ChosenOfferPart = Type.Union([
  Type.Object({
    name: Type.String(),
    /** In 1/100 of `unit`. */
    amount: Type.Integer(),
    full_amount: Type.Integer(),
    unit: Type.String(),
    /** Text such as `3 months`. */
    periods: Type.String(),
    /** Days that are free before the price is due; 0 without a trial. */
    trial_days: Type.Integer(),
    /** Number of further items. */
    others_count: Type.Integer(),
  }),
  Type.Null(),
]);
export type ChosenOffer = Static<typeof ChosenOfferPart>;

/** Finds what a visitor chose to buy; null if the cart of the browser is empty. */
export type FindChosenOffer = (ctx: Context) => Promise<ChosenOffer>;

/** Finds the chosen offer for a page that leads on to an order; null for any other target. */
export async function chosenOfferOf(
  request: { ctx: Context; query: unknown },
  find: FindChosenOffer | undefined,
): Promise<ChosenOffer> {
  const leads_to_order = targetOf(request, '').startsWith('/billing/');
  return leads_to_order && find ? find(request.ctx) : null;
}

export const chosenOfferSample: ChosenOffer = {
  name: 'Premium',
  amount: 2950,
  full_amount: 5900,
  unit: 'usd',
  periods: '1 month',
  trial_days: 0,
  others_count: 0,
};
