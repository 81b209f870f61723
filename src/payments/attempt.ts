import type { Selectable } from 'kysely';
import type { ChargeAttemptsTable } from '#platform/db-schema';
import type { ChargeSource } from './processors/processor.ts';

/**
 * The intent to charge, committed before the processor is called.
 *
 * `source` lives in the memory of the request that reserved it and nowhere else: an attempt read back after a crash has none,
 * so it can be asked about but never charged again.
 */
export type Attempt = Selectable<ChargeAttemptsTable> & { source: ChargeSource | null };

/** Below this the processor's fee can exceed what is charged. Units: 1/100 of any unit. */
export const CHARGE_AMOUNT_MIN = 50;

/** Above this nobody believes a price; far below what a number holds exactly. Units: 1/100 of any unit. */
export const CHARGE_AMOUNT_MAX = 100_000_000_000;
