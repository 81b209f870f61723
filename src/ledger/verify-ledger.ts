import type { Reader } from '#platform/db/database';
import { countLedger, findViolations } from './violation-store.ts';

/** An event or entry that breaks a rule of the ledger. `where` names it. */
export interface Violation {
  rule: string;
  where: string;
  detail: string;
}

export interface LedgerVerification {
  events_count: number;
  entries_count: number;
  /** At most 100 per rule. */
  violations: Violation[];
}

/**
 * Checks the rules of the ledger on all rows. The database enforces them per row and event; a restored backup or a
 * superuser may have bypassed them.
 *
 * In each unit the balances of all accounts sum to zero. Excluded are conversions in events of versions that did not
 * balance them (`is_exchange_balanced` is false).
 */
export async function verifyLedger(reader: Reader): Promise<LedgerVerification> {
  return { ...(await countLedger(reader)), violations: await findViolations(reader) };
}
