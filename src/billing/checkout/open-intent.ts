import { findChargePlace, openPaymentIntent, providerOf, type PaymentContext } from '#payments';
import type { Profile } from '#profiles';
import { creditLinesOf, findOpenLots, planUses, sumUsesByRank } from '../credits/index.ts';
import { takeStoredOption } from '../quotes/index.ts';
import {
  buildOrderLines,
  cartVersion,
  collectLines,
  type Invoicable,
  payableLines,
  sumLines,
} from '../records/index.ts';

/**
 * Returns the secret of the payment with which an API client pays what was shown, less the credit of the payer. Null if
 * nothing is to pay or the sum is not decided: options are open, or a trial asks for a card first.
 */
export async function openCheckoutIntent(
  ctx: PaymentContext,
  payer: Profile,
  shown: readonly Invoicable[],
): Promise<string | null> {
  const { chosen } = ctx.processors;
  const invoicables = shown.map(takeStoredOption);
  const total = sumLines(collectLines(invoicables), 'usd');
  if (chosen.intents === null || total === null || invoicables.some(({ options }) => options.length > 0)) return null;
  const given = buildOrderLines(total.unit, invoicables);
  if (given.some(({ kind }) => kind === 'trial')) return null;
  const uses = planUses(await findOpenLots(ctx.db, payer.id), creditLinesOf(payer.id, given));
  const byRank = sumUsesByRank(uses);
  const lines = payableLines(given.map((line) => ({ ...line, credit_used: byRank.get(line.rank) ?? 0 })));
  const { unit } = total;
  const amount = lines.reduce((sum, line) => sum + line.amount, 0);
  const place = await findChargePlace(ctx.db, chosen, lines, unit);
  return openPaymentIntent(ctx, {
    profile_id: payer.id,
    provider_id: providerOf(lines),
    ...place,
    amount,
    unit,
    cart_version: cartVersion(shown),
  });
}
