import type { DiaryPlan } from './model/plan-time.ts';

export interface LifePlan extends DiaryPlan {
  trial_days: number;
}

export const PAUSE_DAYS_MAX = 40;
export const QUOTA = 30;
export const USE = 'requests';

export const plans: readonly LifePlan[] = (
  [
    ['month', 2000, 'monthly', 1, 0],
    ['better', 4907, 'monthly', 1, 0],
    ['close', 2030, 'monthly', 1, 0],
    ['quarter', 10_001, 'monthly', 3, 0],
    ['year', 97_203, 'yearly', 1, 0],
    ['week', 1999, 'weekly', 1, 0],
    ['day', 333, 'daily', 1, 0],
    ['hours', 177, 'hourly', 6, 0],
    ['tried', 2345, 'monthly', 1, 14],
    // A card has one trial of a plan.
    ['sample', 1777, 'monthly', 1, 30],
  ] as const
).map(([slug, amount, period_type, period_length, trial_days]) => ({
  slug,
  amount,
  period_type,
  period_length,
  trial_days,
  quota: QUOTA,
}));

/** Plans that a subscriber buys for one period while another one is paused. */
export const side_plans: readonly LifePlan[] = (
  [
    ['side-week', 1203, 'weekly', 1],
    ['side-month', 3301, 'monthly', 1],
    ['side-quarter', 8009, 'monthly', 3],
  ] as const
).map(([slug, amount, period_type, period_length]) => ({
  slug,
  amount,
  period_type,
  period_length,
  trial_days: 0,
  quota: QUOTA,
}));

/** Kinds of lives: the plan they begin with, the date, the longest life in days, and how it is bought. */
export const kinds = [
  ['month', '2027-11-30', 800, 'own'],
  ['better', '2027-12-31', 800, 'own'],
  ['close', '2028-01-31', 800, 'own'],
  ['month', '2028-02-29', 700, 'own'],
  ['month', '2028-08-31', 600, 'own'],
  ['quarter', '2027-11-30', 800, 'own'],
  ['year', '2028-02-29', 800, 'own'],
  ['year', '2027-12-15', 800, 'own'],
  ['week', '2028-03-24', 300, 'own'],
  ['day', '2028-02-14', 40, 'own'],
  ['hours', '2028-03-23', 6, 'own'],
  ['tried', '2028-02-16', 500, 'own'],
  ['sample', '2028-10-16', 300, 'own'],
  ['month', '2028-01-30', 500, 'gift'],
  ['better', '2028-01-29', 500, 'seat'],
] as const;

/** Plans that a change may enter. */
export const entered = new Set(['month', 'better', 'close', 'quarter', 'year', 'week']);
