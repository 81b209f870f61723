import type { ChangeMode, Coupon, Plan } from '#catalog';
import type { CouponId, LedgerEntryId, OrderLineId, ProfileId } from '#platform/db/db-schema';
import type { LedgerSubject } from '#ledger';
import type { PeriodType } from '#kernel/period';
import type { Subscription } from '#subscriptions';
import type { NotableOrder, OpenLot } from '../credits/index.ts';
import type { Direction } from './direction.ts';
import type { EnteredQuota, QuotaRow } from './quotas.ts';

/** What the caller asks for. */
export interface ChangeRequest {
  /** 1-based number of the price option of the plan entered. */
  option: number;
  /** Null keeps the quantity. */
  quantity: number | null;
  at: 'now' | 'period_end' | null;
  /** Set by a manager of the provider only. */
  mode: ChangeMode | null;
  /** True: nothing is charged now, the amount stays due. Set by a manager of the provider only. */
  leave_due: boolean;
}

/** Relations of the caller to the parties. */
export interface ChangeCaller {
  /** Manages the subscriber. */
  buys: boolean;
  /** Manages the provider of the plan, or the broker. */
  sells: boolean;
  /** May let a cancelled subscription renew again: a provider only if it cancelled the subscription itself. */
  renews: boolean;
  /** May let a later charge of the card on file rise: a provider only with the consent of the subscriber. */
  charges_later: boolean;
}

/** Time of an order line that the subscription holds. */
export interface HeldCoverage {
  order_line_id: OrderLineId;
  rank: number;
  amount: number;
  quantity: number;
  anchor_at: Date;
  starts_at: Date;
  /** Exclusive. */
  ends_at: Date;
  period_type: PeriodType;
}

/** Order line that owns coverages of the subscription, with what was paid and given back of it. */
export interface HeldLine {
  id: OrderLineId;
  /** Number of the invoice; null for an order without one. */
  order_number: string | null;
  payer_id: ProfileId;
  plan_slug: string;
  unit: string;
  /** What was paid and given back of the line. */
  order: NotableOrder;
  /** True if credit of the line can be paid out to the card that paid it. */
  is_refundable: boolean;
  coupon_id: CouponId | null;
  /** Oldest first. */
  coverages: readonly HeldCoverage[];
}

/** Order of the subscription that is due. */
export interface DueOrder {
  /** Order line of a period that a credit note can reduce; null for uses and for other debts. */
  line_id: OrderLineId | null;
  /** Entry of the order; null for a debt that is not made of orders. */
  entry_id: LedgerEntryId | null;
  subject: LedgerSubject;
  description: string;
  amount: number;
  order_number: string | null;
}

/** What decides a change, as the database has it. */
export interface ChangeFacts {
  subscription: Subscription;
  /** The plan that is left. */
  from: Plan;
  to: Plan;
  /** By line id. */
  lines: readonly HeldLine[];
  due: readonly DueOrder[];
  /** Credit of the subscriber with the provider in the unit of the plan entered. */
  lots: readonly OpenLot[];
  /** Coupon of the order that covers the instant of the change. */
  coupon: Coupon | null;
  /** Setup fees ordered for the rows of this chain of changes. */
  setup_ordered: number;
  /** True if the subscriber had the plan entered before. */
  had_plan: boolean;
  /** True if the subscriber may not have a trial of the plan entered. */
  had_trial: boolean;
  quota_rows: readonly QuotaRow[];
  has_pending: boolean;
  /** Least amount that a card can be charged. */
  charge_min: number;
}

export interface ChangeLine {
  kind: 'credit_note' | 'period' | 'seats' | 'setup' | 'use' | 'balance';
  description: string;
  /** Negative for a credit note. */
  amount: number;
  unit: string;
  covers_from: Date | null;
  covers_to: Date | null;
  order_number: string | null;
}

/** Line that the change orders. */
export interface OrderedLine extends ChangeLine {
  kind: 'period' | 'seats' | 'setup';
  full_amount: number;
  recurring_amount: number | null;
  /** Natural periods of `recurring_amount`. */
  recurring_periods: number | null;
  quantity: number;
  coupon_id: CouponId | null;
  /** Null for a line without a coverage of its own. */
  anchor_at: Date | null;
  is_trial: boolean;
  /** With `is_trial`: its days, and what is promised for its end. */
  promise?: { days: number; amount: number; setup_amount: number };
}

/** Part of a coverage that the change takes back. */
export interface ClosedCoverage {
  coverage: HeldCoverage;
  /** Seats that stay; 0 closes the coverage for good. */
  kept_quantity: number;
  /** Unearned amount of the seats that stay, which a new coverage takes over. */
  kept_amount: number;
  /** Unearned amount that is taken back. */
  taken_amount: number;
}

/** Credit note over the unearned amount of one order. */
export interface PlannedNote extends ChangeLine {
  kind: 'credit_note';
  line_id: OrderLineId;
  payer_id: ProfileId;
  /** Unearned amount, > 0. */
  unearned: number;
  /** Part that reduces the debt. */
  due: number;
  /** Part that becomes credit. */
  credit: number;
  is_refundable: boolean;
}

/** Unpaid order that the change collects. */
export interface CollectedLine extends ChangeLine {
  kind: 'use' | 'balance';
  entry_id: LedgerEntryId | null;
  subject: LedgerSubject;
}

/** The row of the subscription after the change. */
export interface ChangedTerms {
  quantity: number;
  anchor_at: Date;
  ends_at: Date;
  trial_ends_at: Date | null;
  auto_renew: boolean;
}

/** A decided change of plan or quantity. */
export interface PlannedChange {
  direction: Direction;
  mode: Exclude<ChangeMode, 'refused'>;
  at: 'now' | 'period_end';
  effective_at: Date;
  period: 'kept' | 'restarted';
  covers_from: Date;
  covers_to: Date;
  next_charge_at: Date | null;
  next_charge_amount: number;
  quantity: { from: number; to: number };
  terms: ChangedTerms;
  closed: readonly ClosedCoverage[];
  notes: readonly PlannedNote[];
  ordered: readonly OrderedLine[];
  collected: readonly CollectedLine[];
  /** Promised price of a change at the end of the period. */
  promised: { amount: number; setup_amount: number } | null;
  credit: { before: number; noted: number; used: number; after: number };
  charge_amount: number;
  due_after: number;
  quotas: readonly EnteredQuota[];
  lost_discount: number;
  lost_uses: readonly { use: string; quantity: number }[];
  withdraws_cancellation: boolean;
  replaces_pending: boolean;
}
