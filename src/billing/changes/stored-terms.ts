import type { ChangeMode } from '#catalog';
import { type PlannedChange, type EnteredQuota } from '../change-rules/index.ts';
import type { ShownChange } from './preview.ts';

/** What the buyer agreed to, and what the change does: stored before a processor is called. */
export interface StoredTerms {
  shown: ShownChange;
  quotas: readonly EnteredQuota[];
  mode: Exclude<ChangeMode, 'refused'>;
  at: 'now' | 'period_end';
  /** True if the change closes the coverages, or takes seats out of them. */
  is_credited: boolean;
  quantity: { from: number; to: number };
  /** Row of the subscription after the change. */
  row: { anchor_at: string; ends_at: string; trial_ends_at: string | null; auto_renew: boolean };
  is_trial: boolean;
}

/** Returns the terms of a decided change, as `subscription_changes.terms` has them. */
export function storedTerms(planned: PlannedChange, shown: ShownChange): StoredTerms {
  const { anchor_at, ends_at, trial_ends_at, auto_renew } = planned.terms;
  return {
    shown,
    quotas: planned.quotas,
    mode: planned.mode,
    at: planned.at,
    is_credited: planned.closed.length > 0,
    quantity: planned.quantity,
    row: {
      anchor_at: anchor_at.toISOString(),
      ends_at: ends_at.toISOString(),
      trial_ends_at: trial_ends_at?.toISOString() ?? null,
      auto_renew,
    },
    is_trial: planned.ordered.some(({ is_trial }) => is_trial),
  };
}

/** Reads the terms of a change. */
export function readStoredTerms(terms: unknown): StoredTerms {
  return terms as StoredTerms; // written by storedTerms only
}
