import type { ProfileId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import type { DeclineKind } from '../processors/index.ts';
import { decideUse, TRIES_MAX, TRIES_MS } from './card-use.ts';
import { findDeclinedTries } from './declined-try-store.ts';
import { cardKeyOf, lockCards, updateCard } from './payment-method-store.ts';

/**
 * Marks the card on file of a declined attempt if it must not be charged again, or not for some time. The attempt is
 * closed before. A request that the processor itself refused reached no bank and counts as no try.
 */
export async function noteDecline(
  tx: Tx,
  { card_key, profile_id }: { card_key: string | null; profile_id: ProfileId },
  kind: DeclineKind,
  at: Date,
): Promise<void> {
  if (card_key === null || kind === 'refused') return;
  const since = new Date(at.getTime() - TRIES_MS);
  const use = decideUse(kind, await findDeclinedTries(tx, { card_key, profile_id, since }, TRIES_MAX));
  if (use === null) return;
  for (const card of await lockCards(tx, profile_id)) {
    if (cardKeyOf(card) === card_key) await updateCard(tx, card, use);
  }
}
