import type { ChargeId, ProfileId, UserId } from '#platform/db-schema';
import type { ChargeState } from './charge.ts';
import type { Card } from './processors/processor.ts';

/** Why a charge is told about. */
export type ChargeNews = 'done' | 'failed' | 'refunded' | 'disputed' | 'won' | 'lost' | 'receipt_requested';

/** A charge with what a receipt says of it. Units: amounts in 1/100 of `unit`. */
export interface ChargeUpdated {
  charge_id: ChargeId;
  processor_key: string;
  /** The customer. */
  profile_id: ProfileId;
  /** Who sold the first line. */
  provider_id: ProfileId | null;
  news: ChargeNews;
  state: ChargeState;
  created_at: string;
  amount: number;
  unit: string;
  description: string;
  last4: string | null;
  lines: { description: string; amount: number; refunded_amount: number }[];
  /** Who caused it; null for the processor and for jobs. */
  originated_by: UserId | null;
}

/** A charge was paid, refused, refunded or disputed, or somebody asked for its receipt once more. */
export const chargeUpdated = (payload: ChargeUpdated) => ({ name: 'charge_updated', payload });

type CardFacts = Pick<Card, 'last4' | 'exp_date'>;

export interface CardUpdated {
  profile_id: ProfileId;
  changes: { last4: { pre: string; post: string }; exp_date: { pre: string; post: string } };
  originated_by: UserId | null;
}

/** The card on file was replaced by another. */
export const cardUpdated = (payload: CardUpdated) => ({ name: 'card_updated', payload });

/** What differs between two cards, as events carry it. */
export function cardChanges(pre: CardFacts, post: CardFacts): CardUpdated['changes'] {
  return {
    last4: { pre: pre.last4, post: post.last4 },
    exp_date: { pre: pre.exp_date, post: post.exp_date },
  };
}
