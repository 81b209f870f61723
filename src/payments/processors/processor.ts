import type { Money } from '#kernel/money';
import type { OrderId, ProfileId } from '#platform/db/db-schema';
import type { Account } from './account.ts';
import type { CallSeries } from './call-times.ts';
import type { ProcessorCapabilities } from './capabilities.ts';
import type { DisputeEvidence, DisputeReport, FraudWarningReport } from './dispute-evidence.ts';
import type { EventIntake } from './event-intake.ts';
import type { AccountFacts, OnboardingRequest } from './onboarding.ts';
import type { ProcessorIntents, TakenPayment } from './intents.ts';
import type { MovementReader } from './movement.ts';
import type { CardElement, PageParts } from './page-parts.ts';
import type {
  ChargeRef,
  FeeReturn,
  FeeReturnOutcome,
  FeeReturnRef,
  FeeReturnRequest,
  MovedShare,
  RefundOutcome,
  RefundRef,
  RefundReport,
  RefundRequest,
} from './processor-refund.ts';
import type { ProcessorSetup } from './setup.ts';
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

/**
 * Payment source: a single-use token from the browser, put on file if `remember`, a card on file, or a payment that an
 * API client prepared.
 */
export type ChargeSource = { token: string; remember: boolean } | { saved: SavedCard } | { intent: string };

/** Card on file at a processor. */
export interface SavedCard {
  account: Account;
  customer_key: string;
  /** Key of the card among those of the customer; empty at a processor that gives each card a customer of its own. */
  method_key: string;
}

/** A customer at a processor. */
export type CustomerKey = Pick<SavedCard, 'account' | 'customer_key'>;

/** The profile that pays, and the browser that it uses. */
export interface Payer {
  profile_id: ProfileId;
  /** Null if no browser asked for the call. Proves the consent to keep a card. */
  browser: { ip: string; user_agent: string } | null;
  /** Page to which the bank sends the browser after a confirmation. Only a hint: the state is read with a call. */
  return_url: string;
  /** True if the reader of the processor's page may be someone else: the page must not show who pays. */
  is_hidden?: boolean;
}

export interface ChargeRequest extends Money {
  /** Random key made by Tollgate, at most 255 characters: the processor never charges one key twice. */
  key: string;
  account: Account;
  /** Share of the broker in a charge on the account of a provider, in 1/100 of the unit; 0 for none. */
  broker_fee_amount: number;
  source: ChargeSource;
  description: string;
  /** The order that is paid, as its name on objects of the processor; null without one. */
  order_id: OrderId | null;
  /** The provider of all lines, whose name stands on the statement of the card; null for several providers. */
  provider_id: ProfileId | null;
  payer: Payer;
  /** True if the payer is absent, as in a renewal. */
  off_session: boolean;
}

/** An attempt as the processor can look it up. */
export interface AttemptRef extends Money {
  key: string;
  account: Account;
  profile_id: ProfileId;
  /** As in the request. */
  broker_fee_amount: number;
  /** Null until the processor asked for an action of the payer, except for a payment that the payer named. */
  intent_key: string | null;
  /** Instant by the clock; the call was made after it. */
  reserved_at: Date;
}

/**
 * Amount that a charge brought: `net` can be distributed, the processor kept `fee`; net + fee is the whole.
 * Units: 1/100 of `unit`, which may differ from the unit of the charge.
 */
export interface Funds {
  net: number;
  fee: number;
  /** Part of `net` that the processor gave to the broker; absent if the books decide the share of the broker. */
  broker_fee?: number;
  unit: string;
}

/**
 * State of a charge at the processor, regardless of its source: the response to a call, a poll or a webhook. A payment
 * stays `done` when it is disputed; its disputes are listed oldest first, won and lost ones included. `reports` has the
 * inquiries too, and is absent if the processor was not asked. `is_paid`: the payment took money, and the processor
 * does not show what it brought so far: it is booked later.
 */
export type Evidence =
  | { state: 'created'; is_paid?: true }
  | { state: 'done'; funds: Funds; disputes?: readonly DisputeEvidence[]; reports?: readonly DisputeReport[] }
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

/**
 * The payer has to confirm the payment with the bank, or to enter the card on a page of the processor. No money was
 * taken so far.
 */
export interface ActionRequiredOutcome {
  outcome: 'action_required';
  intent_key: string;
  /** For the processor's script in the browser of the payer; null without one. Never stored, never logged. */
  client_secret: string | null;
  account: Account;
  /** Page of the bank for browsers without scripts, or the page of the processor; null if there is none. */
  redirect_url: string | null;
  /** True if the payer enters the card on a page of the processor. */
  is_hosted?: boolean;
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
  /** The payment took money all the same, and not what the order asks for: it must go back. */
  taken?: TakenPayment;
  /** Key of the declined payment if it is still open at the processor, where its secret can confirm it. */
  open_intent_key?: string;
}

/** True if the processor accepted the payment, so that a charge exists. */
export function isAccepted(outcome: ChargeOutcome | null): outcome is AcceptedOutcome {
  return outcome?.outcome === 'succeeded' || outcome?.outcome === 'pending';
}

/** True if the processor has not decided a payment. One that took money is decided, also before it can be booked. */
export function isUndecided(evidence: Evidence): boolean {
  return evidence.state === 'created' && evidence.is_paid !== true;
}

export type ChargeOutcome = AcceptedOutcome | ActionRequiredOutcome | DeclinedOutcome;

export interface SaveCardRequest {
  key: string;
  account: Account;
  token: string;
  payer: Payer;
}

type SavedOutcome = { outcome: 'saved'; card: Card } & SavedCard;

/** `unknown`: the response of the first request was lost, and its card is not found among the newest ones. */
export type SaveCardOutcome = SavedOutcome | { outcome: 'unknown' } | ActionRequiredOutcome | DeclinedOutcome;

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
  /** Returns the warnings of banks that a charge is fraudulent, oldest first. */
  findFraudWarnings(charge: ChargeRef): Promise<FraudWarningReport[]>;
  refund(request: RefundRequest): Promise<RefundOutcome>;
  /** Returns the outcome of the refund with that key of Tollgate; null if the processor received no such request. */
  findRefund(refund: RefundRef): Promise<RefundOutcome | null>;
  /** Returns all refunds of a charge, oldest first, also those that were made without Tollgate. */
  findRefunds(charge: ChargeRef): Promise<RefundReport[]>;
  /** Returns the broker's share of what was refunded of a direct charge to the account of the charge. */
  returnFee(request: FeeReturnRequest): Promise<FeeReturnOutcome>;
  /** Returns what went back of the broker's share of a direct charge, oldest first, also without Tollgate. */
  findFeeReturns(charge: ChargeRef): Promise<FeeReturn[]>;
  /** Returns what a return moved in both balances; null as long as the processor does not show it. */
  findMovedShare(fee_return: FeeReturnRef): Promise<MovedShare | null>;
  saveCard(request: SaveCardRequest): Promise<SaveCardOutcome>;
  /** Deletes a card on file. No effect if there is none. */
  deleteCard(card: SavedCard): Promise<void>;
  /** Returns a card on file as it is now; null if its customer has it no more. */
  retrieveCard(card: SavedCard): Promise<Card | null>;
  /** True if a customer that a stored card or charge names still exists. */
  hasCustomer(customer: CustomerKey): Promise<boolean>;
  /** Sends the name and the addresses of a profile to its customer. False if the processor has deleted the customer. */
  updateCustomer(customer: CustomerKey & { profile_id: ProfileId }): Promise<boolean>;
  /** Opens the account of a provider, to which it is paid out. */
  connectAccount(request: ConnectRequest): Promise<Account>;
  /** Returns the state of the account of a provider; null if there is none, or the access to it is denied. */
  retrieveAccount(account: Account): Promise<AccountFacts | null>;
  /** Returns the address of the page at the processor that completes an account; null if nothing is to complete. */
  onboard(request: OnboardingRequest): Promise<string | null>;
  /** Origin of that page; null without one. */
  readonly onboarding_origin: string | null;
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
  /** Keys with which the processor's script in the browser makes a token that is charged on an account. */
  browserKeys(account: Account): Readonly<Record<string, string | null>>;
  pageParts(): PageParts;
  /** Returns the card form of the processor's script, for a payment or for a card to keep; null if it has no script. */
  cardElement(wanted: { account: Account } & ({ money: Money } | { unit: string })): CardElement | null;
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
  /** Null if the browser of an API client can prepare no payment. */
  readonly intents: ProcessorIntents | null;
  /** Null if the processor sends no messages. */
  readonly intake: EventIntake | null;
  /** Returns the page at the processor on which a dispute is answered; null without one. */
  disputePage(dispute: { key: string; account: Account }): string | null;
  /** Null if the processor lists no movements, so that it cannot be reconciled. */
  readonly movements: MovementReader | null;
  /**
   * Returns the instant until which jobs charge no card, because the processor refused a call as one too many; null
   * without a pause. By the clock of the site. Payers who wait are charged meanwhile.
   */
  pausedUntil(): Date | null;
  /** Returns what its calls over the network took, since the start of this process. */
  callSeries(): readonly CallSeries[];
  /** Null if the processor needs no key. */
  readonly setup: ProcessorSetup | null;
}

/** Rejection of a call whose key the processor knows with another request. The first request decides the outcome. */
export class KeyReusedError extends Error {
  constructor(options: ErrorOptions) {
    super('the payment processor knows the key with another request', options);
    this.name = 'KeyReusedError';
  }
}
