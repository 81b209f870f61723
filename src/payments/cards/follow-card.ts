import { inTransaction, type Tx } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import { emit } from '#platform/jobs/events';
import { cardChanges, cardRemoved, cardUpdated } from '../events.ts';
import {
  type Card,
  type CustomerRef,
  findCustomerOwner,
  markCustomerDeleted,
  type PaymentContext,
  withProcessorTimeout,
} from '../processors/index.ts';
import { isUsable } from './card-use.ts';
import {
  type CardKey,
  deleteCardRow,
  findCardByKey,
  lockCards,
  type PaymentMethod,
  updateCard,
} from './payment-method-store.ts';

/**
 * Asks the processor for a card that changed there: new facts are stored, and a card that its customer has no more is
 * taken off file. A card that Tollgate removed or replaced is not on file, so nothing follows from its message.
 *
 * Facts of a call that began before the one whose facts are stored change nothing.
 * @throws processor_unreachable, processor_setup (503)
 */
export async function refreshCard(ctx: PaymentContext, key: CardKey): Promise<'ignored' | 'taken'> {
  const found = await findCardByKey(ctx.db, key);
  if (!found) return 'ignored';
  const asked_at = ctx.clock.now();
  const card = await withProcessorTimeout(ctx, ctx.processors.getByName(key.processor).retrieveCard(found));
  return inTransaction(ctx.db, async (tx) => {
    const cards = await lockCards(tx, found.profile_id);
    const method = cards.find((each) => isSameCard(each, found));
    if (!method) return 'ignored';
    if (card === null) await takeOffFile(tx, cards, method, ctx.clock.now());
    else await storeFacts(tx, method, card, { is_newest: method === cards[0], asked_at, at: ctx.clock.now() });
    return 'taken';
  });
}

/**
 * Asks the processor for a customer that was deleted there: its cards are taken off file, and the next call makes a new
 * customer.
 * @throws processor_unreachable, processor_setup (503)
 */
export async function refreshCustomer(ctx: PaymentContext, customer: CustomerRef): Promise<'ignored' | 'taken'> {
  const profile_id = await findCustomerOwner(ctx.db, customer);
  if (profile_id === undefined) return 'ignored';
  const isKept = await withProcessorTimeout(ctx, ctx.processors.getByName(customer.processor).hasCustomer(customer));
  if (!isKept) await inTransaction(ctx.db, (tx) => forgetCustomer(tx, profile_id, customer, ctx.clock.now()));
  return 'taken';
}

/** Takes the cards of a customer that is gone at the processor off file. Locks: the cards of the profile. */
export async function forgetCustomer(tx: Tx, profile_id: ProfileId, customer: CustomerRef, at: Date): Promise<void> {
  const cards = await lockCards(tx, profile_id);
  await markCustomerDeleted(tx, customer, at);
  const method = cards.find(
    ({ processor, account, customer_key }) =>
      processor === customer.processor && account === customer.account && customer_key === customer.customer_key,
  );
  if (method) await takeOffFile(tx, cards, method, at);
}

function isSameCard(a: PaymentMethod, b: PaymentMethod): boolean {
  return a.processor === b.processor && a.account === b.account && a.method_key === b.method_key;
}

/** Deletes a card that is gone at the processor, and asks its owner for another one. */
async function takeOffFile(tx: Tx, cards: readonly PaymentMethod[], method: PaymentMethod, at: Date): Promise<void> {
  await deleteCardRow(tx, method);
  // A card on the account of a provider pays that provider only.
  const other = cards.find((each) => each !== method && each.account === '');
  const { profile_id, brand, last4 } = method;
  await emit(tx, cardRemoved({ profile_id, brand, last4, other_last4: other?.last4 ?? null }), at);
}

interface Reading {
  /** True if the card is shown as the card on file. */
  is_newest: boolean;
  /** When the call began that read the facts. */
  asked_at: Date;
  at: Date;
}

/**
 * Stores the facts of a card. The card on file with another number or expiry counts as changed, so that dunning tries
 * it; an older card stays older than the card on file.
 */
async function storeFacts(
  tx: Tx,
  method: PaymentMethod,
  { fingerprint, ...card }: Card,
  { is_newest, asked_at, at }: Reading,
): Promise<void> {
  if (method.facts_at !== null && asked_at < method.facts_at) return;
  const isChanged = card.last4 !== method.last4 || card.exp_date !== method.exp_date;
  // The card that the issuer made in its place is another one: what its bank decided about the old one does not hold.
  const use = card.last4 !== method.last4 ? { unusable_reason: null, unusable_until: null } : {};
  // A card that is not charged is no news: dunning would ask for another one beside it.
  const isNews = isChanged && is_newest && isUsable({ ...method, ...use }, at);
  await updateCard(tx, method, {
    ...card,
    fingerprint,
    facts_at: asked_at,
    ...use,
    ...(isNews ? { updated_at: at } : {}),
  });
  if (!isNews) return;
  const { profile_id } = method;
  await emit(
    tx,
    cardUpdated({ profile_id, changes: cardChanges(method, card), originated_by: null, by_issuer: true }),
    at,
  );
}
