import type { ChargeAttemptId, DunningCaseId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import { fragment } from '#platform/db/fragment';
import type { Part } from '#platform/db/together';
import { linkKeyHash, openLinkKey, sealLinkKey, UNREADABLE_KEY } from '#platform/security/link-keys';
import { randomKey40 } from '#platform/security/crypto';

/** Link of a dunning mail, by which the payer pays and confirms without signing in. */
export interface FinishLink {
  dunning_case_id: DunningCaseId;
  /** Keyed hash of its key: names the link where the key must not be stored. */
  key_hash: string;
  /** The newest payment that was begun by it. */
  charge_attempt_id: ChargeAttemptId | null;
}

/**
 * Returns the key of the link of a case: one for all its mails. A key that another master key sealed is replaced.
 *
 * The caller has locked the payer's profile.
 */
export async function keepFinishLink(tx: Tx, dunning_case_id: DunningCaseId, created_at: Date): Promise<string> {
  const row = await tx
    .selectFrom('finish_links')
    .select('key')
    .where('dunning_case_id', '=', dunning_case_id)
    .executeTakeFirst();
  const known = row && openLinkKey(row.key);
  if (known !== undefined && known !== UNREADABLE_KEY) return known;
  const key = randomKey40();
  const stored = { key: sealLinkKey(key), key_hash: linkKeyHash(key), created_at };
  await tx
    .insertInto('finish_links')
    .values({ dunning_case_id, ...stored })
    .onConflict((conflict) => conflict.column('dunning_case_id').doUpdateSet(stored))
    .execute();
  return key;
}

/** Finds the link of a key. A text of any form takes the same statement. Index: finish_links_key_hash_key. */
export async function findFinishLink(reader: Reader, key: string): Promise<FinishLink | undefined> {
  return reader
    .selectFrom('finish_links')
    .select(['dunning_case_id', 'key_hash', 'charge_attempt_id'])
    .where('key_hash', '=', linkKeyHash(key))
    .executeTakeFirst();
}

/** Part that names the payment of the part `attempt` as the newest one of a link. */
export function notedFinishAttempt(dunning_case_id: DunningCaseId): Part<void> {
  const query = fragment`update finish_links set charge_attempt_id = (select id from attempt)
    where dunning_case_id = ${dunning_case_id}`;
  return { query, read: null };
}
