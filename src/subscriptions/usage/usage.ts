import type { UseCharge } from '#catalog';

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
