import type { ChargeId, ProfileId, UserId } from '#platform/db/db-schema';
import type { ChargeState } from './records/index.ts';
import type { Card } from './processors/index.ts';

/** Why a charge is told about. */
export type ChargeNews = 'done' | 'failed' | 'refunded' | 'disputed' | 'won' | 'lost' | 'receipt_requested';

/**
 * A charge was paid, refused, refunded or disputed, or somebody asked for its receipt once more.
 * `profile_id` is the customer, `provider_id` who sold the first line, `originated_by` null for the processor and for jobs;
 * amounts are in 1/100 of `unit`.
 */
export const chargeUpdated = (payload: {
  charge_id: ChargeId;
  processor_key: string;
  profile_id: ProfileId;
  provider_id: ProfileId | null;
  news: ChargeNews;
  state: ChargeState;
  created_at: string;
  amount: number;
  unit: string;
  description: string;
  last4: string | null;
  lines: { description: string; amount: number; refunded_amount: number }[];
  originated_by: UserId | null;
}) => ({ name: 'charge_updated', payload });

type CardFacts = Pick<Card, 'last4' | 'exp_date'>;
type CardChanges = Record<keyof CardFacts, { pre: string; post: string }>;

/** The card on file was replaced by another. */
export const cardUpdated = (payload: {
  profile_id: ProfileId;
  changes: CardChanges;
  originated_by: UserId | null;
}) => ({ name: 'card_updated', payload });

/** What differs between two cards, as events carry it. */
export function cardChanges(pre: CardFacts, post: CardFacts): CardChanges {
  return {
    last4: { pre: pre.last4, post: post.last4 },
    exp_date: { pre: pre.exp_date, post: post.exp_date },
  };
}
