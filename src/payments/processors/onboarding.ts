import type { Account } from './account.ts';

/** What an account still owes to the processor. Names are the processor's own. */
export interface AccountRequirements {
  currently_due: readonly string[];
  pending: readonly string[];
  /** ISO instant after which the account is restricted, or null. */
  deadline: string | null;
  /** Why the account is restricted; null if it is not. */
  disabled_reason: string | null;
}

/** State of the account of a provider at the processor. */
export interface AccountFacts {
  charges_enabled: boolean;
  payouts_enabled: boolean;
  details_submitted: boolean;
  /** Who pays the fees of the processor on charges of the account. */
  fee_payer: 'account' | 'application';
  requirements: AccountRequirements;
}

/** A visit of the processor's pages that complete an account. */
export interface OnboardingRequest {
  account: Account;
  /** Random: a link is made once and used once. */
  key: string;
  /** Page to which the processor leads back. It proves nothing: the state is read with a call. */
  return_url: string;
  /** Page for a link that was used or is old. */
  refresh_url: string;
}
