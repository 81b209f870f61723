import { DEFAULT_UNIT, selectMainAmount } from '#ledger';
import type { Money } from '#kernel/money';
import type { ProfileId } from '#platform/db/db-schema';
import { type PaymentContext, withProcessorTimeout } from '../processors/index.ts';
import { subtractPromised } from '../records/index.ts';
import { type ReadBank, readBankNow } from './bank-cache.ts';
import { findFunds } from './funds-store.ts';
import type { BankBody } from './schemas.ts';

const NOT_CONNECTED = 'N/A';

/** Bank account of a provider, and its funds: `available` can be paid out, by unit; below zero is owed. */
export interface Bank {
  is_provider: boolean;
  /** Null: not connected. */
  account: { bank_name: string; last4: string; connected_at: Date | null } | null;
  available: Money[];
}

/**
 * Loads the bank account and the funds of a profile: what the books have, less what is promised, and at most what the
 * processor can pay out now, or could when `readBank` asked.
 * @throws processor_unreachable (503)
 */
export async function loadBank(
  ctx: PaymentContext,
  profile_id: ProfileId,
  readBank: ReadBank = readBankNow,
): Promise<Bank> {
  const { is_provider, funds, promised, account } = await findFunds(ctx.db, profile_id);
  const is_broker = profile_id === ctx.site.broker_id;
  const left = subtractPromised(funds, promised);
  if (!is_broker && !account) return { is_provider, account: null, available: left };
  const processor = is_broker || !account ? ctx.processors.chosen : ctx.processors.getByName(account.processor);
  const bank = await withProcessorTimeout(ctx, readBank(processor, is_broker ? '' : (account?.account ?? '')));
  if (bank === null) return { is_provider, account: null, available: left };
  const limit = bank.available;
  return {
    is_provider,
    account: { bank_name: bank.bank_name, last4: bank.last4, connected_at: account?.connected_at ?? null },
    available: left.map(({ amount, unit }) => ({
      amount: limit?.unit === unit ? Math.min(amount, limit.amount) : amount,
      unit,
    })),
  };
}

/**
 * Returns the account to which a provider is paid out, and the amount that can be paid out.
 * @throws processor_unreachable (503)
 */
export async function getBank(
  ctx: PaymentContext,
  profile_id: ProfileId,
  readBank: ReadBank = readBankNow,
): Promise<BankBody> {
  const { is_provider, account, available } = await loadBank(ctx, profile_id, readBank);
  if (!is_provider || account === null) {
    return { bank_name: NOT_CONNECTED, last4: NOT_CONNECTED, balance_amount: 0, balance_unit: DEFAULT_UNIT };
  }
  const { amount, unit } = selectMainAmount(available);
  return {
    bank_name: account.bank_name,
    last4: account.last4,
    balance_amount: Math.max(0, amount),
    balance_unit: unit,
  };
}
