import type { Insertable, Selectable } from 'kysely';
import type { PaymentMethodsTable, ProfileId } from '#platform/db/db-schema';
import { pointRead } from '#platform/db/built-once';
import type { Reader, Tx } from '#platform/db/database';
import { fragment, type Fragment } from '#platform/db/fragment';
import { type Part, readRows } from '#platform/db/together';

/** The card on file of a profile. */
export type PaymentMethod = Selectable<PaymentMethodsTable>;

export async function findSavedCard(reader: Reader, profile_id: ProfileId): Promise<PaymentMethod | undefined> {
  const [card] = await cardOf(reader, profile_id);
  return card;
}

const cardOf = pointRead((reader, profile_id: ProfileId) =>
  reader.selectFrom('payment_methods').selectAll().where('profile_id', '=', profile_id),
);

/** Part that reads the card on file of a profile; null without one. */
export function savedCard(profile_id: ProfileId): Part<PaymentMethod | null> {
  return {
    query: fragment`select * from payment_methods where profile_id = ${profile_id}`,
    read: (rows) => readRows<PaymentMethod>(rows, ['updated_at'])[0] ?? null,
  };
}

/** Finds the cards on file of profiles, in one statement. */
export async function findSavedCards(
  reader: Reader,
  profile_ids: readonly ProfileId[],
): Promise<Map<ProfileId, PaymentMethod>> {
  if (profile_ids.length === 0) return new Map();
  const cards = await reader
    .selectFrom('payment_methods')
    .selectAll()
    .where('profile_id', '=', (eb) => eb.fn.any(eb.val([...profile_ids])))
    .execute();
  return new Map(cards.map((card) => [card.profile_id, card]));
}

/** Selects the card on file FOR UPDATE. */
export async function lockPaymentMethod(tx: Tx, profile_id: ProfileId): Promise<PaymentMethod | undefined> {
  return tx
    .selectFrom('payment_methods')
    .selectAll()
    .where('profile_id', '=', profile_id)
    .forUpdate()
    .executeTakeFirst();
}

/** Upserts the card on file. */
export async function replacePaymentMethod(tx: Tx, method: Insertable<PaymentMethodsTable>): Promise<PaymentMethod> {
  const { profile_id: _, ...change } = method;
  return tx
    .insertInto('payment_methods')
    .values(method)
    .onConflict((conflict) => conflict.column('profile_id').doUpdateSet(change))
    .returningAll()
    .executeTakeFirstOrThrow();
}

export async function deletePaymentMethod(tx: Tx, profile_id: ProfileId): Promise<PaymentMethod | undefined> {
  return tx.deleteFrom('payment_methods').where('profile_id', '=', profile_id).returningAll().executeTakeFirst();
}

/** Expression of the fingerprints of the cards of the profiles that an expression selects. Index: primary key. */
export function fingerprintsOnFile(profiles: Fragment): Fragment {
  return fragment`(select fingerprint from payment_methods where profile_id in ${profiles})`;
}

/** Expression of the fingerprint of the card on file; null without a card. Index: primary key. */
export function fingerprintOnFile(profile_id: ProfileId): Fragment {
  return fragment`(select fingerprint from payment_methods where profile_id = ${profile_id})`;
}
