import type { RawBuilder } from 'kysely';
import type { Reader } from '#platform/db/database';

/** A row that breaks a rule. `where` names the event, the entry or the object. */
export interface Finding {
  where: string;
  detail: string;
}

/** A rule about stored rows that `verifyLedger` checks. Rooms above the ledger contribute the rules of their tables. */
export interface LedgerCheck {
  /** The rule, as a sentence; it is reported with each row that breaks it. */
  readonly rule: string;
  /** Finds rows that break the rule, `FINDINGS_MAX` at most, with one statement. */
  find(reader: Reader): Promise<Finding[]>;
}

/** Rows that are reported of each rule. */
export const FINDINGS_MAX = 100;

/** Makes a check of a query that selects the rows which break the rule. */
export function defineCheck(rule: string, query: RawBuilder<Finding>): LedgerCheck {
  return { rule, find: async (reader) => (await query.execute(reader)).rows };
}
