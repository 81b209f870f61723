import type { Money } from '#kernel/money';
import type { ProfileId } from '#platform/db/db-schema';
import type { Account } from './account.ts';
import type { ChargeRef, RefundOutcome, RefundRef, RefundReport, RefundRequest } from './processor-refund.ts';
import type { ConnectRequest, PayoutAccount, PayoutOutcome, PayoutReport, PayoutRequest } from './payout.ts';

/** Facts of a card. The number itself never reaches Tollgate's tables. */
export interface Card {
  /** Lower case: visa, mastercard… */
  brand: string;
  last4: string;
  /** First day of the month in which it expires. */
  exp_date: string;
  card_name: string;
  /** Equal for all uses of one card at the processor; null if the processor names none. */
  fingerprint: string | null;
}

/** Payment source: a single-use token from the browser, put on file if `remember`, or a card on file. */
export type ChargeSource = { token: string; remember: boolean } | { saved: SavedCard };

/** Card on file at a processor. */
export interface SavedCard {
  account: Account;
  customer_key: string;
  /** Key of the card among those of the customer; empty at a processor that gives each card a customer of its own. */
  method_key: string;
}

/** The profile that pays, and the browser that it uses. */
export interface Payer {
  profile_id: ProfileId;
  /** Null if no browser asked for the call. Proves the consent to keep a card. */
  browser: { ip: string; user_agent: string } | null;
  /** Page to which the bank sends the browser after a confirmation. Only a hint: the state is read with a call. */
  return_url: string;
}

export interface ChargeRequest extends Money {
  /** Random key made by Tollgate, at most 255 characters: the processor never charges one key twice. */
  key: string;
  account: Account;
  source: ChargeSource;
  description: string;
  payer: Payer;
  /** True if the payer is absent, as in a renewal. */
  off_session: boolean;
}

/** An attempt as the processor can look it up. */
export interface AttemptRef {
  key: string;
  account: Account;
  profile_id: ProfileId;
  /** Null until the processor asked for an action of the payer. */
  intent_key: string | null;
  created_at: Date;
}

/**
 * Amount that a charge brought: `net` can be distributed, the processor kept `fee`; net + fee is the whole.
 * Units: 1/100 of `unit`, which may differ from the unit of the charge.
 */
export interface Funds {
  net: number;
  fee: number;
  unit: string;
}

/**
 * A dispute of a paid charge for which the processor has debited the account. An inquiry moves no money and is none.
 */
export interface DisputeEvidence {
  /** Key at the processor: what is booked for a dispute is booked under it, once. */
  key: string;
  /** Disputed amount in the unit of the charge; at most what was not refunded is booked. */
  amount: number;
  /** What the processor debited for the dispute, once, in the unit of the funds. */
  fee_amount: number;
  /** True if the processor returns its own fee on the charge. */
  returns_fee: boolean;
  is_lost: boolean;
  /** The part of `fee_amount` that came back with the amount after a win; null as long as nothing came back. */
  returned_fee_amount: number | null;
}

/**
 * State of a charge at the processor, regardless of its source: the response to a call, a poll or a webhook. A payment
 * stays `done` when it is disputed; its disputes are listed oldest first, won and lost ones included.
 */
export type Evidence =
  | { state: 'created' }
  | { state: 'done'; funds: Funds; disputes?: readonly DisputeEvidence[] }
  | { state: 'failed'; detail: string };

/**
 * The processor accepted the payment. `succeeded`: the money was taken. `pending`: the processor decides later.
 * `evidence` is the state now, so it can be later than the outcome: a pending payment may have failed since.
 */
export interface AcceptedOutcome {
  outcome: 'succeeded' | 'pending';
  processor_key: string;
  evidence: Evidence;
  card: Card;
  /** The card on file, when the request asked to remember it. */
  saved: SavedCard | null;
}

/** The payer has to confirm the payment with the bank. No money was taken so far. */
export interface ActionRequiredOutcome {
  outcome: 'action_required';
  intent_key: string;
  /** For the processor's script in the browser of the payer. Never stored, never logged. */
  client_secret: string;
  account: Account;
  /** Page of the bank for browsers without scripts; null if there is none. */
  redirect_url: string | null;
}

/**
 * Effect of a decline on the next attempt: `authenticate` the payer must confirm, `retry` the same card may succeed
 * later, `new_card` only another card can, `stop` the card must not be tried again, `refused` the processor refuses
 * the request itself.
 */
export type DeclineKind = 'authenticate' | 'retry' | 'new_card' | 'stop' | 'refused';

/**
 * The card was refused and no money was taken. `detail` is a sentence for the payer, `code` the processor's decline
 * code.
 */
export interface DeclinedOutcome {
  outcome: 'declined';
  kind: DeclineKind;
  code: string;
  detail: string;
}

/** True if the processor accepted the payment, so that a charge exists. */
export function isAccepted(outcome: ChargeOutcome | null): outcome is AcceptedOutcome {
  return outcome?.outcome === 'succeeded' || outcome?.outcome === 'pending';
}

export type ChargeOutcome = AcceptedOutcome | ActionRequiredOutcome | DeclinedOutcome;

export interface SaveCardRequest {
  key: string;
  account: Account;
  token: string;
  payer: Payer;
}

export type SaveCardOutcome = ({ outcome: 'saved'; card: Card } & SavedCard) | ActionRequiredOutcome | DeclinedOutcome;

/** Rules of a processor for its fee and for a negative balance after a refund or a dispute. */
export interface ProcessorTerms {
  /** True if a refund or a dispute returns the processor's own fee; otherwise the provider bears it. */
  readonly returns_fee: boolean;
  /** True if a refund may take the provider's funds below zero; otherwise it is refused. */
  readonly may_overdraw: boolean;
}

/** Parts of a page with a card form that depend on the processor. */
export interface PageParts {
  /** Addresses of the scripts that the page loads, in order. */
  scripts: readonly string[];
  /** Origins that the Content-Security-Policy of the page allows, by directive. */
  csp_origins: Readonly<
    Record<'script-src' | 'frame-src' | 'connect-src' | 'img-src' | 'form-action', readonly string[]>
  >;
  /** Fields of the card form that are sent to Tollgate; empty if the card is entered into the processor's own frame. */
  form_fields: readonly string[];
  /** Page of the processor for browsers without scripts; null if the form itself works without them. */
  hosted_url: string | null;
}

/** What the script of a processor needs to draw its card form, which the browser never sends to Tollgate. */
export interface CardElement {
  script_url: string;
  publishable_key: string;
  /** Account on which the card is used; empty for the broker's own. */
  account: Account;
  /** Smallest unit of the currency at the processor; null for a card that is kept and not charged. */
  amount: number | null;
  unit: string;
}

/** A message that the processor sent. It names the object that changed; the state is always read with a call. */
export interface ProcessorEvent {
  id: string;
  type: ProcessorEventType;
  /** Key of the charge, or of the payout, that changed. */
  object: string;
  account: Account;
}

/** `other`: the adapter does not know the type, or nothing depends on it. */
export type ProcessorEventType = 'charge' | 'refund' | 'dispute' | 'payout' | 'other';

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

/** Capabilities of a processor: constants, so reading them makes no call. */
export interface ProcessorCapabilities extends ProcessorTerms {
  /** Stored with every attempt, charge and card. */
  readonly name: string;
  /** True if a charge can be made on a provider's own account. */
  readonly direct_charges: boolean;
  /** True if cards can be kept on file. */
  readonly saved_cards: boolean;
  /** True if the processor pays providers out. */
  readonly payouts: boolean;
  /** Currencies that it charges, as lower-case ISO 4217 codes; null for any. */
  readonly units: ReadonlySet<string> | null;
  /** Least amount that it charges in a currency. Units: 1/100 of `unit`. */
  minimum(unit: string): number;
  /** Greatest amount that it charges in a currency, inclusive. Units: 1/100 of `unit`. */
  maximum(unit: string): number;
}

/**
 * A payment processor. Calls go over a network: they are made outside any transaction, may be repeated with the same
 * key, and reject only when the outcome is unknown.
 */
export interface Processor extends ProcessorCapabilities {
  charge(request: ChargeRequest): Promise<ChargeOutcome>;
  /** Returns the outcome of the charge with that key of Tollgate; null if the processor received no such request. */
  findByKey(attempt: AttemptRef): Promise<ChargeOutcome | null>;
  /** Ends an attempt that waits for the payer. Returns the outcome, which is not `declined` if the payer was faster. */
  abandon(attempt: AttemptRef): Promise<ChargeOutcome>;
  /** Returns the state of a charge now; null if there is none. */
  retrieve(charge: ChargeRef): Promise<Evidence | null>;
  refund(request: RefundRequest): Promise<RefundOutcome>;
  /** Returns the outcome of the refund with that key of Tollgate; null if the processor received no such request. */
  findRefund(refund: RefundRef): Promise<RefundOutcome | null>;
  /** Returns all refunds of a charge, oldest first, also those that were made without Tollgate. */
  findRefunds(charge: ChargeRef): Promise<RefundReport[]>;
  saveCard(request: SaveCardRequest): Promise<SaveCardOutcome>;
  /** Deletes a card on file. No effect if there is none. */
  deleteCard(card: SavedCard): Promise<void>;
  /** Opens the account of a provider, to which it is paid out. */
  connectAccount(request: ConnectRequest): Promise<Account>;
  /** Ends the access to an account. No effect if there is none. */
  disconnectAccount(account: Account): Promise<void>;
  /** Returns the bank account of an account; null if the account is not connected. */
  payoutAccount(account: Account): Promise<PayoutAccount | null>;
  payout(request: PayoutRequest): Promise<PayoutOutcome>;
  /**
   * Returns the payout with that key of Tollgate, or with that key of the processor; null if there is none. A refused
   * request has no payout.
   */
  findPayout(
    payout: { account: Account } & ({ key: string } | { processor_key: string }),
  ): Promise<PayoutReport | null>;
  /** Yields the payouts of an account that were made at or after an instant, oldest first, in batches. */
  listPayouts(account: Account, since: Date): AsyncIterable<readonly PayoutReport[]>;
  /** Keys with which the processor's script in the browser makes a token. */
  browserKeys(): Readonly<Record<string, string | null>>;
  pageParts(): PageParts;
  /** Returns the card form of the processor's script, for a payment or for a card to keep; null if it has no script. */
  cardElement(wanted: { money: Money } | { unit: string }): CardElement | null;
  /**
   * Reads a token from the form of a page with a card form.
   * @throws invalid_input (400) naming each invalid field
   */
  readCardForm(form: unknown, at: Date): string;
  /**
   * Returns the token in the query of the address to which the bank sent the browser after it confirmed a card to keep;
   * null without one. It proves nothing: `saveCard` decides.
   */
  readReturn(query: object): string | null;
  /** Null if the processor sends no messages. */
  readonly intake: EventIntake | null;
}

/** The longest that a call may take; after it the outcome counts as unknown. */
export const PROCESSOR_TIMEOUT_MS = 20_000;
