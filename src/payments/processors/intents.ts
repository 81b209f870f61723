import type { Money } from '#kernel/money';
import type { ProfileId } from '#platform/db/db-schema';
import type { Account } from './account.ts';
import type { ChargeRef } from './processor-refund.ts';

/** An intent as the processor can look it up. */
export interface IntentRef {
  intent_key: string;
  account: Account;
}

/** What a payment takes, and where. Units: 1/100 of `unit`. */
export interface IntentTerms extends Money {
  account: Account;
  /** Share of the broker in a payment on the account of a provider; 0 for none. */
  broker_fee_amount: number;
}

/** An intent that an API client prepares in the browser of the payer. */
export interface IntentToOpen {
  profile_id: ProfileId;
  /** Part of the idempotency key: grows when the intent before is closed. */
  generation: number;
}

/** What an open payment takes, and the provider of what it pays. */
export interface PaymentToKeep extends IntentTerms {
  /** The provider of all lines; null for several. */
  provider_id: ProfileId | null;
}

export interface PaymentToOpen extends IntentToOpen, PaymentToKeep {
  /** Hash of the lines that it pays. */
  cart_version: string;
}

/** An intent that the browser of the payer can confirm. `client_secret` is never stored and never logged. */
export interface OpenedIntent {
  intent_key: string;
  client_secret: string;
}

/** Money that a payment of this installation took. */
export interface TakenPayment extends IntentTerms, IntentRef {
  charge_key: string;
  /** Null if it names no profile. */
  profile_id: ProfileId | null;
  /** Key of the attempt for which Tollgate made it; null for one that an API client prepared. */
  attempt_key: string | null;
  taken_at: Date;
}

/** A payment of the payer that a client names instead of a card. */
export interface NamedIntent extends IntentTerms {
  intent_key: string;
  /** Key of the attempt for which Tollgate made it: it pays no other order. */
  attempt_key: string | null;
  /** True if it is paid and nothing of it went back, or can be confirmed. */
  is_usable: boolean;
  /** Null if it took no money so far. */
  taken: TakenPayment | null;
}

/** Payments and cards to keep that an API client prepares, and that the payer confirms in the browser. */
export interface ProcessorIntents {
  /** True if a token names a payment instead of a card. */
  isPayment(token: string): boolean;
  /**
   * Returns a payment that a client names. `unknown`: there is none on the account, `foreign`: it is of another payer
   * or another installation.
   */
  findPayment(named: IntentRef & { profile_id: ProfileId }): Promise<NamedIntent | 'unknown' | 'foreign'>;
  openPayment(wanted: PaymentToOpen): Promise<OpenedIntent>;
  /** Changes an open payment to other amounts; null if it is over, so that another takes its place. */
  keepPayment(intent: IntentRef, terms: PaymentToKeep): Promise<OpenedIntent | null>;
  openSetup(wanted: IntentToOpen): Promise<OpenedIntent>;
  /** Returns an open card to keep; null if it is over. */
  keepSetup(intent: IntentRef): Promise<OpenedIntent | null>;
  /** Ends a payment that nothing took. Never rejects: a payment that is not canceled and is paid goes back. */
  cancelPayment(intent: IntentRef): Promise<void>;
  /** Returns the payment of a charge; null if it is not of this installation. */
  findTaken(charge: ChargeRef): Promise<TakenPayment | null>;
}

export { INTENT_DIFFERS } from '../problems.ts';

/** True if a payment takes what an order asks for. */
export function isSameMoney(intent: IntentTerms, order: IntentTerms): boolean {
  return (
    intent.account === order.account &&
    intent.unit === order.unit &&
    intent.amount === order.amount &&
    intent.broker_fee_amount === order.broker_fee_amount
  );
}
