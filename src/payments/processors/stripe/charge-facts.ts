import type { Stripe } from 'stripe';
import type { Money } from '#kernel/money';
import type { Account } from '../account.ts';
import type { DisputeEvidence, DisputeReport } from '../dispute-evidence.ts';
import type { Card, Evidence, Funds } from '../processor.ts';
import { fundsOf, fromStripe } from './amounts.ts';

/** What Stripe moved for a dispute. Units: 1/100, in the unit of the funds. */
interface Moved {
  amount: number;
  fee: number;
}

/** A dispute of a charge. An `inquiry` moves no money. */
export interface DisputeFacts {
  key: string;
  /** Disputed amount in the unit of the charge. */
  amount: number;
  state: DisputeReport['state'];
  reason: string;
  is_answered: boolean;
  due_at: Date | null;
  opened_at: Date;
  withdrawn: Moved | null;
  reinstated: Moved | null;
  /** What was moved without the fee; null if Stripe did not convert. */
  exchanged: DisputeEvidence['exchanged'] | null;
}

/** State of a charge at Stripe, by any call. */
export interface ChargeFacts {
  payment: 'pending' | 'paid' | 'failed';
  failure: string;
  /** Null until the balance transaction exists, up to an hour after the payment. */
  funds: Funds | null;
  disputes: readonly DisputeFacts[];
}

/** Longest code of a reason. */
const REASON_LENGTH_MAX = 100;

/** Called with a value of Stripe that the adapter does not know. Values of Stripe are open. */
export type OnUnknown = (value: string) => void;

/**
 * Reads the facts of a charge whose balance transaction is expanded. On a connected account Stripe has given the broker
 * its share; on the platform the books decide it.
 */
export function readCharge(
  charge: Stripe.Charge,
  disputes: readonly Stripe.Dispute[],
  { account, onUnknown }: { account: Account; onUnknown: OnUnknown },
): ChargeFacts {
  const transaction = charge.balance_transaction;
  return {
    payment: paymentOf(charge.status, onUnknown),
    failure: charge.failure_message ?? '',
    funds: transaction === null || typeof transaction === 'string' ? null : readFunds(transaction, account),
    // Stripe lists the newest first.
    disputes: disputes.toReversed().map((dispute) => readDispute(dispute, onUnknown)),
  };
}

function readFunds(transaction: Stripe.BalanceTransaction, account: Account): Funds {
  const { net, fee, broker_fee, unit } = fundsOf(transaction);
  // The share of the broker is in the books, not in what the processor keeps.
  return { net: net + broker_fee, fee, unit, ...(account === '' ? {} : { broker_fee }) };
}

function paymentOf(status: string, onUnknown: OnUnknown): ChargeFacts['payment'] {
  if (status === 'succeeded') return 'paid';
  if (status === 'failed') return 'failed';
  if (status !== 'pending') onUnknown(status);
  return 'pending';
}

const dispute_states: ReadonlyMap<string, DisputeFacts['state']> = new Map([
  ['warning_needs_response', 'inquiry'],
  ['warning_under_review', 'inquiry'],
  ['warning_closed', 'closed'],
  ['needs_response', 'open'],
  ['under_review', 'open'],
  ['won', 'won'],
  ['lost', 'lost'],
  ['appeal_needs_response', 'lost'],
  ['appeal_under_review', 'lost'],
  ['prevented', 'closed'],
]);

/** Reads a dispute. The amounts are those that Stripe moved: what it withdraws is negative, a reversal positive. */
export function readDispute(dispute: Stripe.Dispute, onUnknown: OnUnknown): DisputeFacts {
  const state = dispute_states.get(dispute.status);
  if (state === undefined) onUnknown(dispute.status);
  const transactions = dispute.balance_transactions;
  const [withdrawn, reinstated] = [
    transactions.filter(({ amount }) => amount < 0),
    transactions.filter(({ amount }) => amount > 0),
  ];
  const is_converted = transactions.some(({ currency }) => currency !== dispute.currency);
  return {
    key: dispute.id,
    amount: fromStripe(dispute.amount, dispute.currency).amount,
    state: state ?? 'inquiry',
    reason: dispute.reason.slice(0, REASON_LENGTH_MAX),
    is_answered: dispute.status.endsWith('under_review'),
    due_at: dueAt(dispute),
    opened_at: new Date(dispute.created * 1000),
    withdrawn: moved(withdrawn),
    reinstated: moved(reinstated),
    exchanged: is_converted ? { withdrawn: withdrawn.map(amountOf), reinstated: reinstated.map(amountOf) } : null,
  };
}

/** Until then Stripe takes evidence; null if it takes none, or none any more. */
function dueAt({ evidence_details: { due_by } }: Stripe.Dispute): Date | null {
  return due_by === null || due_by === undefined || due_by === 0 ? null : new Date(due_by * 1000);
}

function amountOf({ amount, currency }: Stripe.BalanceTransaction): Money {
  return fromStripe(Math.abs(amount), currency);
}

function moved(transactions: readonly Stripe.BalanceTransaction[]): Moved | null {
  const [first] = transactions;
  if (!first) return null;
  const sum = (pick: (transaction: Stripe.BalanceTransaction) => number) =>
    transactions.reduce((total, each) => total + fromStripe(pick(each), each.currency).amount, 0);
  return { amount: Math.abs(sum(({ amount }) => amount)), fee: Math.abs(sum(({ fee }) => fee)) };
}

/**
 * Returns the facts as evidence. Pure.
 *
 * A payment without its balance transaction is not booked yet. A dispute counts when its money was withdrawn, and a won
 * one stays open until the money is back.
 */
export function evidenceOf({ payment, failure, funds, disputes }: ChargeFacts, returns_fee: boolean): Evidence {
  if (payment === 'failed') return { state: 'failed', detail: failure || 'The payment failed.' };
  if (payment === 'pending') return { state: 'created' };
  if (funds === null) return { state: 'created', is_paid: true };
  const taken = disputes.flatMap(({ key, amount, state, withdrawn, reinstated, exchanged }): DisputeEvidence[] =>
    withdrawn === null
      ? []
      : [
          {
            key,
            amount,
            fee_amount: withdrawn.fee,
            returns_fee,
            is_lost: state === 'lost',
            returned_fee_amount: reinstated && reinstated.fee,
            ...(exchanged && { exchanged }),
          },
        ],
  );
  if (disputes.length === 0) return { state: 'done', funds };
  const reports = disputes.map(reportOf);
  return { state: 'done', funds, reports, ...(taken.length > 0 && { disputes: taken }) };
}

function reportOf({ key, amount, state, reason, is_answered, due_at, opened_at }: DisputeFacts): DisputeReport {
  return { key, amount, state, reason, is_answered, due_at, opened_at };
}

/** Expiry of a payment method that has none, as a bank account. */
const NO_EXPIRY = '2099-12-01';

/** Facts of a card that Stripe's objects hold; all are absent for a method that is no card. */
interface StripeCard {
  brand?: string | null;
  last4?: string | null;
  exp_month?: number;
  exp_year?: number;
  fingerprint?: string | null;
}

/** Reads a card, or another payment method with what is known of it. */
export function readCard(kind: string, card: StripeCard | null | undefined, name: string | null): Card {
  const { brand, last4, exp_month, exp_year, fingerprint } = card ?? {};
  const has_expiry = exp_month !== undefined && exp_year !== undefined && exp_month > 0;
  return {
    brand: (brand ?? kind).toLowerCase(),
    last4: /^[0-9]{4}$/.test(last4 ?? '') ? (last4 ?? '') : '0000',
    exp_date: has_expiry ? `${exp_year}-${String(exp_month).padStart(2, '0')}-01` : NO_EXPIRY,
    card_name: (name ?? '').slice(0, 100),
    fingerprint: fingerprint ?? null,
  };
}
