import type { UseCharge } from '#catalog';

/** How much of a use charge a subscription used, and how much is still free. */
export interface Usage {
  /** Free uses left in the present plan period. */
  expiring_quota: number;
  /** Uses bought in advance. */
  rollover_quota: number;
  /** All uses ever. */
  used_quantity: number;
  /** Uses of the present plan period, free ones included. */
  period_quantity: number;
  period_started_at: Date;
}

export interface CountedUses {
  usage: Usage;
  /** Uses that nothing free covers: they are billed. */
  billed_quantity: number;
  /** These uses took the last free one. */
  is_quota_reached: boolean;
  /** These uses reached the limit above which somebody wants to be told: once a period. */
  is_limit_crossed: boolean;
}

/** Starts a new plan period when one has begun since: the quota is full again, what was bought in advance stays. */
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
