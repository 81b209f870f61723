import type { Static } from 'typebox';
import type { Fact } from '#platform/pages/details/fact';
import type { Dispute } from '../records/index.ts';
import type { ChargeParts } from './charge-page-type.ts';

type DisputePart = Static<typeof ChargeParts>['disputes'][number];

/** Who reads about a dispute. */
export interface DisputeReader {
  /** True if the charge was made on an account of the reader, who answers the bank. */
  is_owner: boolean;
  /** True if the reader sees every line, so that the disputed amount is of these lines. */
  sees_all: boolean;
  /** Returns the page at the processor on which a dispute is answered; null without one. */
  pageOf(dispute: Dispute): string | null;
  now: Date;
}

/** Presents the disputes of a charge, the newest first: what the bank says, and what is to be done until when. Pure. */
export function viewDisputes(disputes: readonly Dispute[], reader: DisputeReader): DisputePart[] {
  return disputes.toReversed().map((dispute) => {
    const { state, is_answered } = dispute;
    const is_pending = state === 'inquiry' || state === 'open';
    return {
      pill: is_pending && is_answered ? ('answered' as const) : state,
      text: textOf(dispute, reader),
      facts: factsOf(dispute, reader, is_pending),
      href: is_pending && reader.is_owner ? reader.pageOf(dispute) : null,
    };
  });
}

function factsOf({ amount, unit, ...dispute }: Dispute, reader: DisputeReader, is_pending: boolean): Fact[] {
  return [
    ...(reader.sees_all ? [{ label: 'Disputed amount', money: { amount, unit } }] : []),
    { label: 'Reason', value: reasonText(dispute.reason) },
    { label: dispute.state === 'inquiry' ? 'Asked on' : 'Opened on', at: dispute.opened_at.toISOString() },
    ...(is_pending && dispute.due_at !== null ? [{ label: 'Answer until', at: dispute.due_at.toISOString() }] : []),
    ...(dispute.closed_at === null ? [] : [{ label: 'Ended on', at: dispute.closed_at.toISOString() }]),
    { label: 'Reference', value: dispute.processor_key, code: true },
  ];
}

/** What happened, what did not happen, and what to do next. */
function textOf({ state, is_answered, due_at }: Dispute, { is_owner, now }: DisputeReader): string {
  if (state === 'won') return 'The bank decided against the customer: the money is back.';
  if (state === 'lost') return 'The bank decided for the customer, who keeps the money.';
  if (state === 'closed') return 'Closed without a decision. No answer is needed.';
  const taken =
    state === 'inquiry' ? 'The bank asks about this payment and took no money back.' : 'The bank took the money back.';
  if (is_answered) return `${taken} The answer was sent, and the bank decides.`;
  if (due_at !== null && due_at <= now) return `${taken} The time to answer is over, and the bank decides.`;
  return `${taken} ${is_owner ? 'Answer with evidence at the processor.' : 'The owner of the account at the processor answers.'}`;
}

/** Reasons of Stripe. Another one is shown as it is. */
const reasons: ReadonlyMap<string, string> = new Map([
  ['bank_cannot_process', 'The bank cannot process the payment'],
  ['credit_not_processed', 'A refund or credit did not arrive'],
  ['customer_initiated', 'Disputed by the customer'],
  ['debit_not_authorized', 'The customer did not authorize the debit'],
  ['duplicate', 'Charged twice'],
  ['fraudulent', 'The customer did not authorize the payment'],
  ['general', 'No reason given'],
  ['incorrect_account_details', 'Wrong account details'],
  ['insufficient_funds', 'Insufficient funds'],
  ['noncompliant', 'Against the rules of the card network'],
  ['product_not_received', 'The product or service was not received'],
  ['product_unacceptable', 'The product or service was not as described'],
  ['subscription_canceled', 'Charged after the subscription was canceled'],
  ['unrecognized', 'The customer does not recognize the payment'],
]);

function reasonText(code: string): string {
  return code === '' ? 'No reason given' : (reasons.get(code) ?? code.replaceAll('_', ' '));
}
