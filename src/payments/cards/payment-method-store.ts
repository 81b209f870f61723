import type { Insertable, Selectable, Updateable } from 'kysely';
import type { PaymentMethodsTable, ProfileId } from '#platform/db/db-schema';
import { pointRead } from '#platform/db/built-once';
import type { Reader, Tx } from '#platform/db/database';
import { fragment, type Fragment } from '#platform/db/fragment';
import { type Part, readRows } from '#platform/db/together';

/** A card on file of a profile: one for each account at a processor. The newest is shown as the card on file. */
export type PaymentMethod = Selectable<PaymentMethodsTable>;

/** Finds the newest card on file. */
export async function findSavedCard(reader: Reader, profile_id: ProfileId): Promise<PaymentMethod | undefined> {
  const [card] = await cardsOf(reader, profile_id);
  return card;
}

/** Finds the cards on file of a profile, newest first. Index: primary key. */
export async function findCardsOf(reader: Reader, profile_id: ProfileId): Promise<PaymentMethod[]> {
  return cardsOf(reader, profile_id);
}

const cardsOf = pointRead((reader, profile_id: ProfileId) =>
  reader
    .selectFrom('payment_methods')
    .selectAll()
    .where('profile_id', '=', profile_id)
    .orderBy('updated_at', 'desc')
    .orderBy('account'),
);

/** Part that reads the cards on file of a profile, newest first. */
export function savedCards(profile_id: ProfileId): Part<PaymentMethod[]> {
  return {
    query: fragment`select * from payment_methods where profile_id = ${profile_id} order by updated_at desc, account`,
    read: (rows) => readRows<PaymentMethod>(rows, ['updated_at', 'facts_at', 'unusable_until']),
  };
}

/** Finds the newest cards on file of profiles, in one statement. */
export async function findSavedCards(
  reader: Reader,
  profile_ids: readonly ProfileId[],
): Promise<Map<ProfileId, PaymentMethod>> {
  if (profile_ids.length === 0) return new Map();
  const cards = await reader
    .selectFrom('payment_methods')
    .selectAll()
    .where('profile_id', '=', (eb) => eb.fn.any(eb.val([...profile_ids])))
    .orderBy('updated_at')
    .orderBy('account', 'desc')
    .execute();
  return new Map(cards.map((card) => [card.profile_id, card]));
}

/** Selects the cards on file FOR UPDATE and returns the newest. */
export async function lockPaymentMethod(tx: Tx, profile_id: ProfileId): Promise<PaymentMethod | undefined> {
  const [newest] = await lockCards(tx, profile_id);
  return newest;
}

/** Selects the cards on file FOR UPDATE; newest first. */
export async function lockCards(tx: Tx, profile_id: ProfileId): Promise<PaymentMethod[]> {
  return tx
    .selectFrom('payment_methods')
    .selectAll()
    .where('profile_id', '=', profile_id)
    .orderBy('updated_at', 'desc')
    .orderBy('account')
    .forUpdate()
    .execute();
}

/** True if a profile has the card on file. Index: payment_methods_keys. */
export async function isOnFile(
  reader: Reader,
  { processor, customer_key, method_key }: Pick<PaymentMethod, 'processor' | 'customer_key' | 'method_key'>,
): Promise<boolean> {
  const row = await reader
    .selectFrom('payment_methods')
    .select('profile_id')
    .where('method_key', '=', method_key)
    .where('customer_key', '=', customer_key)
    .where('processor', '=', processor)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Upserts the card on file of an account. */
export async function replacePaymentMethod(tx: Tx, method: Insertable<PaymentMethodsTable>): Promise<PaymentMethod> {
  const { profile_id: _, account: _account, ...change } = method;
  return tx
    .insertInto('payment_methods')
    .values(method)
    .onConflict((conflict) => conflict.columns(['profile_id', 'account']).doUpdateSet(change))
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** Deletes all cards on file. */
export async function deletePaymentMethods(tx: Tx, profile_id: ProfileId): Promise<PaymentMethod[]> {
  return tx.deleteFrom('payment_methods').where('profile_id', '=', profile_id).returningAll().execute();
}

/** Key of a card on file in attempts that charge it: equal when the same card is put on file again. */
export function cardKeyOf({
  fingerprint,
  customer_key,
  method_key,
}: Pick<PaymentMethod, 'fingerprint' | 'customer_key' | 'method_key'>): string {
  return fingerprint ?? `${customer_key}/${method_key}`;
}

/** A card as the messages of its processor name it. */
export interface CardKey {
  processor: string;
  account: string;
  method_key: string;
}

/** Finds the card on file with a key at its processor. Index: payment_methods_keys. */
export async function findCardByKey(reader: Reader, card: CardKey): Promise<PaymentMethod | undefined> {
  return reader
    .selectFrom('payment_methods')
    .selectAll()
    .where('method_key', '=', card.method_key)
    .where('processor', '=', card.processor)
    .where('account', '=', card.account)
    .executeTakeFirst();
}

/** Stores what is known of a card on file. */
export async function updateCard(
  tx: Tx,
  { profile_id, account }: Pick<PaymentMethod, 'profile_id' | 'account'>,
  change: Updateable<PaymentMethodsTable>,
): Promise<void> {
  await tx
    .updateTable('payment_methods')
    .set(change)
    .where('profile_id', '=', profile_id)
    .where('account', '=', account)
    .execute();
}

/** Deletes a card on file. */
export async function deleteCardRow(
  tx: Tx,
  { profile_id, account }: Pick<PaymentMethod, 'profile_id' | 'account'>,
): Promise<void> {
  await tx.deleteFrom('payment_methods').where('profile_id', '=', profile_id).where('account', '=', account).execute();
}

/** Expression of the fingerprints of the cards of the profiles that an expression selects. Index: primary key. */
export function fingerprintsOnFile(profiles: Fragment): Fragment {
  return fragment`(select fingerprint from payment_methods where profile_id in ${profiles})`;
}

/** Expression of the fingerprint of the newest card on file; null without a card. Index: primary key. */
export function fingerprintOnFile(profile_id: ProfileId): Fragment {
  return fragment`(select fingerprint from payment_methods where profile_id = ${profile_id}
    order by updated_at desc, account limit 1)`;
}
