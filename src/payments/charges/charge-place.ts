import { portion, wholeAmount } from '#kernel/money';
import type { ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import type { Account, Processor } from '../processors/index.ts';
import { findPayoutAccount, type PayoutAccount } from '../records/index.ts';

/** A line that a charge will pay, in the unit of the charge. */
export interface PayableLine {
  provider_id: ProfileId;
  amount: number;
  /** Basis points. */
  broker_fee_percent: number;
}

/** Where a charge is made. */
export interface ChargePlace {
  /** Empty: the broker's own account, which holds what belongs to providers. */
  account: Account;
  /** Share of the broker that the processor keeps for it; 0 on the broker's own account. In the unit of the charge. */
  broker_fee_amount: number;
}

const BROKER: ChargePlace = { account: '', broker_fee_amount: 0 };

type Connected = Pick<PayoutAccount, 'processor' | 'account' | 'charges_enabled' | 'fee_payer'>;

/**
 * Decides the account of a charge. Pure.
 *
 * It is the provider's when all lines have that one provider, the account takes charges, and the processor charges its
 * fees to it. `connected` is the account of the provider of the first line; the broker has none. The account does not
 * depend on the amounts: a page names it before the order is placed. The broker's share leaves room for the fee of the
 * processor, which is at most a tenth of the amount and the least amount of the unit.
 * @see docs/decisions/0123-charges-on-accounts-of-providers.md
 */
export function placeCharge(
  { name, direct_charges, minimum }: Pick<Processor, 'name' | 'direct_charges' | 'minimum'>,
  connected: Connected | undefined,
  lines: readonly PayableLine[],
  unit: string,
): ChargePlace {
  if (!direct_charges || connected?.processor !== name) return BROKER;
  if (!connected.charges_enabled || connected.fee_payer !== 'account') return BROKER;
  if (providerOf(lines) === null) return BROKER;
  const amount = lines.reduce((sum, line) => sum + line.amount, 0);
  const share = lines.reduce((sum, line) => sum + brokerFeeOf(line, unit), 0);
  const room = wholeAmount({ amount: Math.max(0, amount - Math.ceil(amount / 10) - minimum(unit)), unit });
  return { account: connected.account, broker_fee_amount: Math.max(0, Math.min(share, room)) };
}

/** Share of the broker in a line: whole units in a currency without decimals. */
function brokerFeeOf({ amount, broker_fee_percent }: PayableLine, unit: string): number {
  return wholeAmount({ amount: portion(amount, broker_fee_percent), unit });
}

/** Returns the provider of all lines; null for several. */
export function providerOf(lines: readonly Pick<PayableLine, 'provider_id'>[]): ProfileId | null {
  const providers = new Set(lines.map(({ provider_id }) => provider_id));
  const [only = null] = providers;
  return providers.size === 1 ? only : null;
}

/** Finds where a processor charges lines now. One read, and none at a processor without direct charges. */
export async function findChargePlace(
  reader: Reader,
  processor: Processor,
  lines: readonly PayableLine[],
  unit: string,
): Promise<ChargePlace> {
  const provider_id = processor.direct_charges ? providerOf(lines) : null;
  if (provider_id === null) return BROKER;
  return placeCharge(processor, await findPayoutAccount(reader, provider_id), lines, unit);
}
