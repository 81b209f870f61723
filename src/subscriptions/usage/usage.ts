import type { Plan, UseCharge } from '#catalog';
import { type Period, periodContaining } from '#kernel/period';
import type { Subscription } from '../records/index.ts';

/** Uses of one use charge by one subscription. */
export interface Usage {
  /** Free uses left in the current plan period. */
  expiring_quota: number;
  /** Uses bought in advance and not used yet; they do not expire. */
  rollover_quota: number;
  /** All uses since the subscription began. */
  used_quantity: number;
  /** Uses in the current plan period, free ones included. */
  period_quantity: number;
  period_started_at: Date;
}

export interface CountedUses {
  usage: Usage;
  /** Uses covered neither by the quota nor by uses bought in advance. */
  billed_quantity: number;
  /** True if these uses took the last free use. */
  is_quota_reached: boolean;
  /** True if these uses reached `maximum_limit`; at most once per plan period. */
  is_limit_crossed: boolean;
}

/**
 * Returns the plan period of an instant in which free uses are counted. Periods count from the anchor; in a trial,
 * whose end is the anchor, from the beginning. Time at the end of a trial that is shorter than a period belongs to the
 * last whole one, so that it grants no quota of its own. Pure.
 * @see docs/decisions/0092-one-way-to-end.md
 */
export function quotaPeriod(
  { created_at, anchor_at, trial_ends_at }: Pick<Subscription, 'created_at' | 'anchor_at' | 'trial_ends_at'>,
  { period_type, period_length }: Pick<Plan, 'period_type' | 'period_length'>,
  at: Date,
): Period {
  if (trial_ends_at === null || at >= trial_ends_at) return periodContaining(anchor_at, period_type, period_length, at);
  const inTrial = (instant: Date) => periodContaining(created_at, period_type, period_length, instant);
  const period = inTrial(at);
  if (period.ends_at <= trial_ends_at || period.start_at <= created_at) return period;
  return { start_at: inTrial(new Date(period.start_at.getTime() - 1)).start_at, ends_at: trial_ends_at };
}

/**
 * Resets the quota when a new plan period has begun; uses bought in advance remain. Otherwise returns `usage`
 * unchanged.
 */
export function renewQuota(usage: Usage, use: Pick<UseCharge, 'quota'>, period_started_at: Date): Usage {
  if (period_started_at <= usage.period_started_at) return usage;
  return { ...usage, expiring_quota: use.quota, period_quantity: 0, period_started_at };
}

/**
 * Counts uses: free ones of the period first, then those bought in advance, then those to bill.
 * Fewer than one use counts as one.
 */
export function countUses(usage: Usage, use: Pick<UseCharge, 'maximum_limit'>, quantity: number): CountedUses {
  const counted = Math.max(1, quantity);
  const expiring = Math.min(usage.expiring_quota, counted);
  const rollover = Math.min(usage.rollover_quota, counted - expiring);
  const billed_quantity = counted - expiring - rollover;
  const next: Usage = {
    ...usage,
    expiring_quota: usage.expiring_quota - expiring,
    rollover_quota: usage.rollover_quota - rollover,
    used_quantity: usage.used_quantity + counted,
    period_quantity: usage.period_quantity + counted,
  };
  const limit = use.maximum_limit ?? 0;
  return {
    usage: next,
    billed_quantity,
    is_quota_reached: billed_quantity > 0 && expiring + rollover > 0,
    is_limit_crossed: limit > 0 && usage.period_quantity < limit && next.period_quantity >= limit,
  };
}
