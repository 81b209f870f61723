import type { Selectable } from 'kysely';
import type { ChargeAttemptsTable } from '#platform/db/db-schema';
import type { AttemptRef, ChargeSource } from '../processors/index.ts';

/**
 * The intent to charge, committed before the processor is called.
 *
 * `source` exists only in the memory of the request that reserved the attempt. An attempt read from the database has
 * none, so its outcome can be looked up but it is never charged again.
 */
export type Attempt = Selectable<ChargeAttemptsTable> & { source: ChargeSource | null };

/** Returns an attempt as the processor can look it up. */
export function attemptRef({ key, account, profile_id, intent_key, created_at }: Attempt): AttemptRef {
  return { key, account, profile_id, intent_key, created_at };
}
