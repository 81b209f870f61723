import type { Money } from '#kernel/money';
import type { Account } from './account.ts';

/**
 * Bank account to which a provider is paid out. `available` is what the processor can pay out now; null if it has no
 * limit.
 */
export interface PayoutAccount {
  bank_name: string;
  last4: string;
  available: Money | null;
}

/** A payout of a provider's funds to its bank account. */
export interface PayoutRequest extends Money {
  /** Random key made by Tollgate, at most 255 characters: the processor never pays one key out twice. */
  key: string;
  account: Account;
}

/**
 * A payout as the processor reports it. `pending`: on its way. `failed`: the bank returned it.
 * A negative amount is a debit of the bank account, for a balance below zero.
 */
export interface PayoutReport extends Money {
  processor_key: string;
  /** Key of the request of Tollgate; null for a payout that the processor made without one. */
  key: string | null;
  state: 'pending' | 'paid' | 'failed';
  created_at: Date;
}

/** `refused`: no money is sent. */
export type PayoutOutcome = { outcome: 'accepted'; payout: PayoutReport } | { outcome: 'refused'; detail: string };

/** The provider whose account is connected. */
export interface ConnectRequest {
  /** Key made by Tollgate, unique within the site: the processor opens one account for one key. */
  key: string;
  name: string;
}
