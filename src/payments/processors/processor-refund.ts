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
}
