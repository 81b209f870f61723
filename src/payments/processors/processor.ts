import type { Money } from '#kernel/money';

/** What is known of a card; never its number. */
export interface Card {
  /** Lower case: visa, mastercard… */
  brand: string;
  last4: string;
  /** First day of the month in which it expires. */
  exp_date: string;
  card_name: string;
}

/** What to charge: a one-time token from the browser, kept on file if `remember`, or the card on file. */
export type ChargeSource = { token: string; remember: boolean } | { customer_key: string };

export interface ChargeRequest extends Money {
  /** Ours, random, at most 255 characters: the same key never charges twice. */
  key: string;
  source: ChargeSource;
  description: string;
}

/** What reached us of a charge: `net` can be distributed, `fee` the processor kept; both in `unit`, net + fee is the whole. */
export interface Funds {
  net: number;
  fee: number;
  unit: string;
}

/**
 * The processor's word on a charge, whatever brought it: the answer to a call, a poll or a webhook.
 * `fee_amount` is what the processor debits for the dispute, once, in the unit of the funds.
 */
export type Evidence =
  | { state: 'created' }
  | { state: 'done'; funds: Funds }
  | { state: 'failed'; detail: string }
  | { state: 'disputed'; fee_amount: number };

export interface AcceptedAnswer {
  outcome: 'accepted';
  processor_key: string;
  evidence: Evidence;
  card: Card;
  /** Names the card on file, when the request asked for it to be remembered. */
  customer_key: string | null;
}

/** The card was refused and nothing was taken. `detail` is for the person who pays. */
export interface DeclinedAnswer {
  outcome: 'declined';
  code: string;
  detail: string;
}

export type ProcessorAnswer = AcceptedAnswer | DeclinedAnswer;

export type CardAnswer = { outcome: 'saved'; customer_key: string; card: Card } | DeclinedAnswer;

export interface RefundRequest {
  key: string;
  processor_key: string;
  amount: number;
}

export type RefundAnswer = { outcome: 'refunded' } | { outcome: 'refused'; detail: string };

/** What a processor does with its fee and with a negative balance when money goes back. */
export interface ProcessorTerms {
  /** True if a refund or a dispute returns the processor's own fee; otherwise the provider bears it. */
  readonly returns_fee: boolean;
  /** True if a refund may take the provider's funds below zero; otherwise it is refused. */
  readonly may_overdraw: boolean;
}

/**
 * Who moves the money. Calls go over a network: they are made outside any transaction, may be repeated with the same key,
 * and reject only when the answer is unknown.
 */
export interface Processor extends ProcessorTerms {
  readonly name: string;
  charge(request: ChargeRequest): Promise<ProcessorAnswer>;
  /** What came of the charge with that key of ours; null when the processor never heard of it. */
  findByKey(key: string): Promise<ProcessorAnswer | null>;
  /** What it says now of a charge; null when there is none. */
  retrieve(processor_key: string): Promise<Evidence | null>;
  refund(request: RefundRequest): Promise<RefundAnswer>;
  findRefund(key: string): Promise<RefundAnswer | null>;
  saveCard(request: { key: string; token: string }): Promise<CardAnswer>;
  /** Forgets a card on file; harmless when there is none. */
  deleteCard(customer_key: string): Promise<void>;
  /** What the browser needs in order to make a token. */
  browserKeys(): Readonly<Record<string, string | null>>;
}

/** The longest that a call may take; after it the outcome counts as unknown. */
export const PROCESSOR_TIMEOUT_MS = 20_000;
