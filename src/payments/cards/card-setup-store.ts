import type { Selectable } from 'kysely';
import type { Db, Tx } from '#platform/db/database';
import type { CardSetupsTable, ProfileId } from '#platform/db/db-schema';

/** A card to keep that waits for the confirmation of its payer. */
export type CardSetup = Selectable<CardSetupsTable>;

type SetupKey = Pick<CardSetup, 'processor' | 'account' | 'setup_key'>;

/** Notes a card to keep that waits; a repeated request changes nothing. */
export async function insertSetup(tx: Tx, setup: CardSetup): Promise<void> {
  await tx
    .insertInto('card_setups')
    .values(setup)
    .onConflict((conflict) => conflict.columns(['processor', 'setup_key']).doNothing())
    .execute();
}

export async function findSetup(db: Db, { processor, account, setup_key }: SetupKey): Promise<CardSetup | undefined> {
  return db
    .selectFrom('card_setups')
    .selectAll()
    .where('processor', '=', processor)
    .where('setup_key', '=', setup_key)
    .where('account', '=', account)
    .executeTakeFirst();
}

/** Deletes a card to keep; false if it waits no more. */
export async function takeSetup(tx: Tx, { processor, setup_key }: SetupKey): Promise<boolean> {
  const taken = await tx
    .deleteFrom('card_setups')
    .where('processor', '=', processor)
    .where('setup_key', '=', setup_key)
    .executeTakeFirst();
  return taken.numDeletedRows > 0n;
}

/** Forgets all cards to keep of a profile: it decided otherwise. Index: card_setups_profile. */
export async function deleteSetups(tx: Tx, profile_id: ProfileId): Promise<void> {
  await tx.deleteFrom('card_setups').where('profile_id', '=', profile_id).execute();
}

/** Deletes cards to keep of before an instant; returns how many. Index: card_setups_created. */
export async function deleteOldSetups(tx: Tx, before: Date, rows_max: number): Promise<number> {
  const old = tx
    .selectFrom('card_setups')
    .select(['processor', 'setup_key'])
    .where('created_at', '<', before)
    .limit(rows_max);
  const deleted = await tx
    .deleteFrom('card_setups')
    .where(({ eb, refTuple }) => eb(refTuple('processor', 'setup_key'), 'in', old.$asTuple('processor', 'setup_key')))
    .executeTakeFirst();
  return Number(deleted.numDeletedRows);
}
