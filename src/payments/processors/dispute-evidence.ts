import type { Money } from '#kernel/money';

/** A dispute or an inquiry as the processor shows it, for pages. What is booked comes from `DisputeEvidence`. */
export interface DisputeReport {
  key: string;
  /** Disputed amount in the unit of the charge. */
  amount: number;
  state: 'inquiry' | 'open' | 'closed' | 'lost' | 'won';
  /** Code of the bank's reason; empty if the processor names none. */
  reason: string;
  /** True if an answer was sent, so that the bank decides. */
  is_answered: boolean;
  /** Until this instant the processor takes an answer; null without a limit. */
  due_at: Date | null;
  /** Null: when it is first seen. */
  opened_at: Date | null;
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
  /** What was moved without the fee, if the processor converts: at the rates of its instants, both positive. */
  exchanged?: { withdrawn: readonly Money[]; reinstated: readonly Money[] };
}

/** A warning of the bank of a card that a payment is probably fraudulent. No money moved so far. */
export interface FraudWarningReport {
  key: string;
  /** What the bank suspects: a code of the processor. */
  fraud_type: string;
  /** False once the charge is disputed or refunded whole. */
  is_actionable: boolean;
  warned_at: Date;
}
