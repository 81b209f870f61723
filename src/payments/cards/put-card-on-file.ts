import type { ProfileId, UserId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { enqueue } from '#platform/jobs/jobs';
import { cardChanges, cardSaved, cardUpdated } from '../events.ts';
import { deleteSetups } from './card-setup-store.ts';
import { type CardUse, decideUse, TRIES_MAX, TRIES_MS } from './card-use.ts';
import { findDeclinedTries } from './declined-try-store.ts';
import { forgetCard, forgottenCard } from './jobs.ts';
import { lockCards, type PaymentMethod, replacePaymentMethod } from './payment-method-store.ts';
import type { Card, SavedCard } from '../processors/index.ts';

/**
 * Puts a card that a processor keeps on file, where it is the newest. It replaces the one of the same account, which a
 * job deletes at its processor, and cards that wait for a confirmation. Emits card_updated if another card was the
 * newest, and card_saved if none was on file.
 */
export async function putCardOnFile(
  tx: Tx,
  profile_id: ProfileId,
  { processor, account, customer_key, method_key, card }: SavedCard & { processor: string; card: Card },
  { at, by }: { at: Date; by: UserId | null },
): Promise<PaymentMethod> {
  await deleteSetups(tx, profile_id);
  const before = await lockCards(tx, profile_id);
  const replaced = before.find((each) => each.account === account);
  const use = await useOf(tx, profile_id, before, { card, at });
  const method = await replacePaymentMethod(tx, {
    ...card,
    profile_id,
    processor,
    account,
    customer_key,
    method_key,
    updated_at: at,
    facts_at: null,
    ...use,
  });
  const [newest] = before;
  if (!newest) await emit(tx, cardSaved({ profile_id, originated_by: by }), at);
  if (replaced && isOther(replaced, method)) await enqueue(tx, forgetCard, forgottenCard(replaced));
  if (newest && isOther(newest, method))
    await emit(tx, cardUpdated({ profile_id, changes: cardChanges(newest, card), originated_by: by }), at);
  return method;
}

/** Begins the job that deletes a card at its processor, unless it is on file. */
export async function forgetUnwantedCard(
  tx: Tx,
  profile_id: ProfileId,
  card: SavedCard & { processor: string },
): Promise<void> {
  const kept = await lockCards(tx, profile_id);
  const isKept = kept.some(({ customer_key, method_key }) => {
    return customer_key === card.customer_key && method_key === card.method_key;
  });
  if (!isKept) await enqueue(tx, forgetCard, forgottenCard(card));
}

function isOther(card: PaymentMethod, { customer_key, method_key }: PaymentMethod): boolean {
  return card.customer_key !== customer_key || card.method_key !== method_key;
}

/**
 * Returns the use of a card that is put on file. The limit of tries counts for a card, so it stays when the card is put
 * on file again, also after it was removed. Without a fingerprint no card is the same as another one.
 */
async function useOf(
  tx: Tx,
  profile_id: ProfileId,
  before: readonly PaymentMethod[],
  { card: { fingerprint }, at }: { card: Card; at: Date },
): Promise<CardUse> {
  const unlimited = { unusable_reason: null, unusable_until: null };
  if (fingerprint === null) return unlimited;
  const same = before.find((card) => card.fingerprint === fingerprint);
  if (same?.unusable_reason === null) return unlimited;
  const tries = { card_key: fingerprint, profile_id, since: new Date(at.getTime() - TRIES_MS) };
  return decideUse('retry', await findDeclinedTries(tx, tries, TRIES_MAX)) ?? unlimited;
}
