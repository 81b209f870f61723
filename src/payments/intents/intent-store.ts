import { sql, type Selectable, type Updateable } from 'kysely';
import type { ProcessorIntentsTable, ProfileId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';

/** The payment, or the card to keep, that a profile prepares with a processor; `intent_key` is null without one. */
export type OpenIntentRow = Selectable<ProcessorIntentsTable>;

/** Place of an intent: a profile has one payment and one card to keep with a processor. */
export interface IntentPlace {
  profile_id: ProfileId;
  processor: string;
  kind: OpenIntentRow['kind'];
}

/** Inserts the row of a place if it is absent, and selects it FOR UPDATE. */
export async function lockIntent(tx: Tx, place: IntentPlace, at: Date): Promise<OpenIntentRow> {
  await tx
    .insertInto('processor_intents')
    .values({ ...place, updated_at: at })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return selectPlace(tx, place).forUpdate().executeTakeFirstOrThrow();
}

/** Selects the row of an intent FOR UPDATE. Index: unique key of the intent. */
export async function lockIntentByKey(tx: Tx, intent_key: string): Promise<OpenIntentRow | undefined> {
  return tx
    .selectFrom('processor_intents')
    .selectAll()
    .where('intent_key', '=', intent_key)
    .forUpdate()
    .executeTakeFirst();
}

/** Changes the row of a place. */
export async function updateIntent(
  tx: Tx,
  { profile_id, processor, kind }: IntentPlace,
  change: Updateable<ProcessorIntentsTable>,
): Promise<void> {
  await tx
    .updateTable('processor_intents')
    .set(change)
    .where('profile_id', '=', profile_id)
    .where('processor', '=', processor)
    .where('kind', '=', kind)
    .execute();
}

/** Removes an intent from its row: the next one has another idempotency key. */
export async function closeIntent(tx: Tx, intent_key: string, at: Date): Promise<void> {
  await tx
    .updateTable('processor_intents')
    .set({ intent_key: null, generation: sql`generation + 1`, busy_until: null, updated_at: at })
    .where('intent_key', '=', intent_key)
    .execute();
}

function selectPlace(tx: Tx, { profile_id, processor, kind }: IntentPlace) {
  return tx
    .selectFrom('processor_intents')
    .selectAll()
    .where('profile_id', '=', profile_id)
    .where('processor', '=', processor)
    .where('kind', '=', kind);
}
