/** What a change of plan or quantity does: docs/spec/changes.md 1.1. `refused` offers no change. */
export const changeModes = ['prorate', 'period_end', 'none', 'full', 'refused'] as const;
export type ChangeMode = (typeof changeModes)[number];

/** What a subscriber may ask for at a cancellation with immediate effect, beside nothing. */
export const cancelRefunds = ['none', 'credit', 'unused'] as const;
export type CancelRefund = (typeof cancelRefunds)[number];

/** Upper bounds of the terms, as the database has them. */
export const termsMax = {
  tier: 1_000_000,
  pause_days: 366,
  trial_days: 365,
  quantity: 1_000_000,
  money_back_days: 366,
};

/** Terms of a plan for its running subscriptions. The modes are those of changes to this plan. */
export interface PlanTerms {
  /** Mode of a change from a plan of less value. */
  upgrade_mode: ChangeMode;
  downgrade_mode: ChangeMode;
  crossgrade_mode: ChangeMode;
  /** Decides the direction of a change alone when both plans have one. */
  tier: number | null;
  /** Longest pause of a subscriber in days; 0: not offered. */
  pause_days_max: number;
  /** Days of the trial; 0: none. */
  trial_days: number;
  trial_requires_card: boolean;
  quantity_min: number;
  /** Null: the plan is not sold by quantity. */
  quantity_max: number | null;
  /** True if the quantity is a number of people: not less than those in roles of the subscriber. */
  counts_people: boolean;
  cancel_refund: CancelRefund;
  /** Days in which a subscriber may choose a full refund; 0: not offered. */
  money_back_days: number;
}

/** Terms of a plan that sets none: as the columns of the database have them by default. */
export const defaultTerms: PlanTerms = {
  upgrade_mode: 'prorate',
  downgrade_mode: 'period_end',
  crossgrade_mode: 'prorate',
  tier: null,
  pause_days_max: 0,
  trial_days: 0,
  trial_requires_card: true,
  quantity_min: 1,
  quantity_max: null,
  counts_people: false,
  cancel_refund: 'none',
  money_back_days: 0,
};

/** Returns the reason why the largest quantity of a plan is invalid, or null. Pure. */
export function refuseQuantities(terms: Pick<PlanTerms, 'quantity_min' | 'quantity_max'>): string | null {
  const { quantity_min, quantity_max } = terms;
  if (quantity_max === null || quantity_max >= quantity_min) return null;
  return `The largest quantity is at least the smallest, ${quantity_min}.`;
}

const DAY_MS = 86_400_000;

/** Returns the end (exclusive) of a trial that begins at an instant. Pure. */
export function trialEnd(from: Date, days: number): Date {
  return new Date(from.getTime() + days * DAY_MS);
}
