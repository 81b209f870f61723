import type { Money } from '#kernel/money';
import type { Account } from './account.ts';

/** A charge as the processor can look it up. */
export interface ChargeRef {
  processor_key: string;
  account: Account;
}

export interface RefundRequest extends ChargeRef {
  /** Random key made by Tollgate, at most 255 characters: the processor never refunds one key twice. */
  key: string;
  amount: number;
  /** Unit of the charge. */
  unit: string;
}

/** A refund as the processor can look it up. */
export interface RefundRef extends ChargeRef {
  key: string;
}

/** `pending`: the processor accepted the refund, and it may still fail. `refused`: the customer gets no money. */
export type RefundOutcome = { outcome: 'refunded' } | { outcome: 'pending' } | { outcome: 'refused'; detail: string };

/** A refund as the processor reports it. */
export interface RefundReport {
  processor_key: string;
  /** Key of the request of Tollgate; null for a refund that was made at the processor. */
  key: string | null;
  /** In 1/100 of the unit of the charge. */
  amount: number;
  state: 'pending' | 'succeeded' | 'failed';
  /** What the balance of the account paid, at the rate of that instant; null as long as it is not booked there. */
  taken?: Money | null;
  /** What the balance received back when the refund failed, at the rate of that instant; null as long as it did not. */
  returned?: Money | null;
}

/** What a return of the broker's share moved, at the rate of its instant. Units: 1/100. */
export interface MovedShare {
  /** Received by the account of the charge. */
  received: Money;
  /** Paid by the account of the broker. */
  paid: Money;
}

/** Return of a part of the broker's share after a refund of a direct charge. */
export interface FeeReturnRequest extends ChargeRef {
  /** Key of the refund: the share of one refund is never returned twice. */
  key: string;
  amount: number;
  /** Unit of the charge. */
  unit: string;
}

/** `refused`: the broker keeps the share. */
export type FeeReturnOutcome = { outcome: 'returned' } | { outcome: 'refused'; detail: string };

/** Part of the broker's share that went back, as the processor reports it. */
export interface FeeReturn {
  processor_key: string;
  /** Key of the refund of Tollgate; null for a return that was made at the processor. */
  key: string | null;
  /** In 1/100 of the unit of the charge. */
  amount: number;
}

/** A return whose amounts in the balances are asked for. */
export interface FeeReturnRef extends ChargeRef {
  /** Key of the return at the processor. */
  return_key: string;
}
