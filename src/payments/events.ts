import type { ChargeId, ProfileId, UserId } from '#platform/db-schema';
import type { Charge } from './charge.ts';
import type { Card } from './processors/processor.ts';

/** Why a charge is told about again. */
export type ChargeNews = 'done' | 'failed' | 'refunded' | 'disputed' | 'won' | 'lost' | 'receipt_requested';

/** A charge was paid, refused, refunded or disputed, or somebody asked for its receipt once more. */
export function chargeUpdated(charge: Charge, news: ChargeNews, by: UserId | null) {
  return {
    name: 'charge_updated',
    payload: {
      charge_id: charge.id,
      processor_key: charge.processor_key,
      profile_id: charge.profile_id,
      state: charge.state,
      news,
      user_id: by,
    },
  } as const;
}

export interface ChargeUpdatedPayload {
  charge_id: ChargeId;
  processor_key: string;
  profile_id: ProfileId;
  state: Charge['state'];
  news: ChargeNews;
  /** Who caused it; null for the processor. */
  user_id: UserId | null;
}

type CardFacts = Pick<Card, 'last4' | 'exp_date'>;

/** The card on file was replaced by another. */
export function cardUpdated(profile_id: ProfileId, old_card: CardFacts, new_card: CardFacts, by: UserId | null) {
  const facts = ({ last4, exp_date }: CardFacts) => ({ last4, exp_date });
  return {
    name: 'card_updated',
    payload: { profile_id, old_card: facts(old_card), new_card: facts(new_card), user_id: by },
  } as const;
}
