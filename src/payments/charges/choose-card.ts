import type { ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { cardKeyOf, findCardsOf, findSavedCard, isUsable, type PaymentMethod } from '../cards/index.ts';
import type { Processor, Processors } from '../processors/index.ts';
import type { Attempt, AttemptSource } from '../records/index.ts';
import { type ChargePlace, findChargePlace, type PayableLine } from './charge-place.ts';

/** Lines that a card on file of a profile will pay. */
interface WantedCard {
  processors: Pick<Processors, 'chosen' | 'getByName'>;
  profile_id: ProfileId;
  lines: readonly PayableLine[];
  unit: string;
  /** Cards on file, newest first, if the caller has read them; read when omitted. */
  cards?: readonly PaymentMethod[];
  at: Date;
}

interface ChosenCard {
  card: PaymentMethod;
  processor: Processor;
  place: ChargePlace;
}

/**
 * Chooses the newest card on file that can pay lines, and the place where its processor charges them; null without one.
 * A card on the broker's own account can pay at any place. A card on the account of another provider cannot: the charge
 * would be that provider's. A card that
 * must not be charged now is left out.
 */
export async function chooseCard(
  reader: Reader,
  { processors, profile_id, lines, unit, cards, at }: WantedCard,
): Promise<ChosenCard | null> {
  for (const card of cards ?? (await findCardsOf(reader, profile_id))) {
    if (!isUsable(card, at)) continue;
    const processor = processors.getByName(card.processor);
    const place = await findChargePlace(reader, processor, lines, unit);
    if (card.account === '' || card.account === place.account) return { card, processor, place };
  }
  return null;
}

/**
 * Finds the card on file that an attempt charges, so that its call can be made again; null if the card is gone or must
 * not be charged now. `provider_id` is the provider of all lines: it is part of the call, which must be the same.
 */
export async function findSourceAgain(
  reader: Reader,
  { profile_id, processor, card_key }: Pick<Attempt, 'profile_id' | 'processor' | 'card_key'>,
  { provider_id, at }: { provider_id: ProfileId; at: Date },
): Promise<AttemptSource | null> {
  const cards = await findCardsOf(reader, profile_id);
  const card = cards.find((each) => each.processor === processor && cardKeyOf(each) === card_key && isUsable(each, at));
  if (!card) return null;
  const { account, customer_key, method_key } = card;
  return { saved: { account, customer_key, method_key }, provider_id };
}

/** Finds the card on file that can pay lines; undefined without one. */
export async function findUsableCard(reader: Reader, wanted: WantedCard): Promise<PaymentMethod | undefined> {
  if (!wanted.processors.chosen.direct_charges) {
    const card = await findSavedCard(reader, wanted.profile_id);
    return card && isUsable(card, wanted.at) ? card : undefined;
  }
  return (await chooseCard(reader, wanted))?.card;
}
