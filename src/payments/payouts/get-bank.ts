import { accounts, findBalance, DEFAULT_UNIT, mainAmount } from '#ledger';
import type { Reader } from '#platform/db/database';
import type { Profile } from '#profiles';
import type { BankBody } from './schemas.ts';

const NOT_CONNECTED = 'N/A';

/** Tells where a provider's money is paid out to and how much can be. The test processor has one bank, for every provider. */
export async function getBank(reader: Reader, profile: Profile): Promise<BankBody> {
  if (!profile.is_provider) {
    return { bank_name: NOT_CONNECTED, last4: NOT_CONNECTED, balance_amount: 0, balance_unit: DEFAULT_UNIT };
  }
  const { amount, unit } = mainAmount(await findBalance(reader, profile.id, accounts.funds));
  return { bank_name: 'Test Bank', last4: '***-6789', balance_amount: Math.max(0, amount), balance_unit: unit };
}
