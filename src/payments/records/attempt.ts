import type { Selectable } from 'kysely';
import type { ChargeAttemptsTable, ProfileId } from '#platform/db/db-schema';
import type { AttemptRef, ChargeSource } from '../processors/index.ts';

/** What an attempt charges. `provider_id`: the provider of all lines, null for several. */
export type AttemptSource = ChargeSource & { provider_id: ProfileId | null };

/**
 * The intent to charge, committed before the processor is called.
 *
 * `source` exists only in the memory of the request that reserved the attempt. An attempt read from the database has
 * none, so its outcome can be looked up but it is never charged again.
 */
export type Attempt = Selectable<ChargeAttemptsTable> & { source: AttemptSource | null };

/** Returns the instant by the clock at which an attempt was stored: the processor is called after it. */
export function reservedAt({ reserved_at, created_at }: Pick<Attempt, 'reserved_at' | 'created_at'>): Date {
  return reserved_at ?? created_at;
}

/** Returns an attempt as the processor can look it up. */
export function attemptRef(attempt: Attempt): AttemptRef {
  const { key, account, amount, broker_fee_amount, intent_key, profile_id, unit } = attempt;
  return { key, account, amount, broker_fee_amount, reserved_at: reservedAt(attempt), intent_key, profile_id, unit };
}
