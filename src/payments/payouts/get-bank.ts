import { DEFAULT_UNIT, selectMainAmount } from '#ledger';
import type { ProfileId } from '#platform/db/db-schema';
import { type PaymentContext, withProcessorTimeout } from '../processors/index.ts';
import { findFunds } from './funds-store.ts';
import type { BankBody } from './schemas.ts';

const NOT_CONNECTED = 'N/A';

/**
 * Returns the account to which a provider is paid out, and the amount: its Funds, limited to what the processor can
 * pay out now.
 * @throws processor_unreachable (503)
 */
export async function getBank(ctx: PaymentContext, profile_id: ProfileId): Promise<BankBody> {
  const funds = await findFunds(ctx.db, profile_id);
  if (funds === null) {
    return { bank_name: NOT_CONNECTED, last4: NOT_CONNECTED, balance_amount: 0, balance_unit: DEFAULT_UNIT };
  }
  const bank = await withProcessorTimeout(ctx, ctx.processors.chosen.payoutAccount(''));
  const { amount, unit } = selectMainAmount(funds);
  const limit = bank.available?.unit === unit ? bank.available.amount : amount;
  return {
    bank_name: bank.bank_name,
    last4: bank.last4,
    balance_amount: Math.max(0, Math.min(amount, limit)),
    balance_unit: unit,
  };
}
