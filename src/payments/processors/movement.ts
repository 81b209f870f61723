import type { Money } from '#kernel/money';
import type { Account } from './account.ts';

/**
 * Why the balance of an account changed. `broker_fee`: the share of the broker of a charge on another account.
 * `share_returned`: what went back of that share, on both accounts. `fee`: a fee of the processor that belongs to no
 * charge. `other`: the adapter does not know it.
 */
export type MovementKind =
  | 'charge'
  | 'refund'
  | 'refund_returned'
  | 'dispute'
  | 'dispute_returned'
  | 'payout'
  | 'payout_returned'
  | 'broker_fee'
  | 'share_returned'
  | 'fee'
  | 'other';

/** A change of the balance of an account at a processor. */
export interface Movement {
  /** Key of the movement. */
  key: string;
  kind: MovementKind;
  /** Key of the charge, refund, dispute, payout or return that moved the money; that of the movement if it has none. */
  object_key: string;
  /** Key of the charge that it is about; null if it is about none. */
  charge_key: string | null;
  /** Key of the payment that made the charge; null for other movements. */
  intent_key: string | null;
  /** Key of Tollgate that the object carries: of the attempt, the refund or the payout. */
  own_key: string | null;
  /** False for an object that this installation did not make. */
  is_ours: boolean;
  /** Amount of the object in its own unit; null without one. */
  object_amount: Money | null;
  /** What the balance received: negative for what it paid. In 1/100 of `unit`. */
  net: number;
  unit: string;
  /** True if 1/100 of the unit cannot express the amount, so that `net` is rounded. */
  is_rounded: boolean;
  at: Date;
}

/** From an instant (inclusive) to another (exclusive). */
export interface Span {
  from: Date;
  to: Date;
}

/** Reads the balance of accounts at a processor. */
export interface MovementReader {
  /** Yields the movements of a span, in batches. */
  list(account: Account, span: Span): AsyncIterable<readonly Movement[]>;
}
