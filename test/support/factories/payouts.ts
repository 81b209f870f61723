import type { PaymentContext } from '#payments';
import type { ProfileId } from '#platform/db/db-schema';
import { makeParty } from './ledger.ts';
import { makeCharge } from './payments.ts';

/** A provider with funds of sales: each amount is one charge, of which the test processor takes its fee. */
export async function makeFundedProvider(ctx: PaymentContext, amounts: number[] = [2000]): Promise<ProfileId> {
  const provider = await makeParty(ctx.db);
  const payer = await makeParty(ctx.db);
  for (const amount of amounts) await makeCharge(ctx, { payer, provider, amounts: [amount] });
  return provider;
}
