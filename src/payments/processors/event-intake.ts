import type { Account } from './account.ts';

/** A message that the processor sent. It names the object that changed; the state is always read with a call. */
export interface ProcessorEvent {
  id: string;
  type: ProcessorEventType;
  /** Key of the charge, payout, account, card or customer that changed, or of the payment or page that waited. */
  object: string;
  account: Account;
}

/**
 * `share`: the broker got its share of a charge, `fee`: some of it went back. `payment`: a payment without a charge, or
 * its page, may be decided; `action`: it asks its payer for a confirmation. `setup`: a card to keep may be confirmed.
 * `warning`: a bank warns of fraud. `other`: the adapter does not know the type, or nothing depends on it.
 */
export type ProcessorEventType =
  | 'charge'
  | 'refund'
  | 'dispute'
  | 'payout'
  | 'fee'
  | 'share'
  | 'payment'
  | 'action'
  | 'setup'
  | 'warning'
  | 'account'
  | 'card'
  | 'customer'
  | 'other';

export type RequestHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** Intake of the messages that a processor sends by webhook. */
export interface EventIntake {
  /**
   * Returns the event of a request, or null unless one of `secrets` signed these bytes at most 300 s before
   * or after `now`. Never throws.
   */
  verify(raw: Buffer, headers: RequestHeaders, secrets: readonly string[], now: Date): ProcessorEvent | null;
  /** Yields the events since an instant, also those that were sent and are known. */
  listEvents(account: Account, since: Date): AsyncIterable<ProcessorEvent>;
}
