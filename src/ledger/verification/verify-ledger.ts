import type { Db } from '#platform/db/database';
import { type ChainState, chainChecks, type Checkpoint, findChainState } from '../chain/index.ts';
import type { Finding, LedgerCheck } from '../check.ts';
import { subjectChecks } from './subject-check-store.ts';
import { countLedger, readWithoutLimit, rowChecks } from './violation-store.ts';

/** A row that breaks a rule of the ledger. */
export interface Violation extends Finding {
  rule: string;
}

export interface LedgerVerification {
  events_count: number;
  entries_count: number;
  /** At most 100 per rule. */
  violations: Violation[];
  chain: ChainState;
}

export interface VerificationOptions {
  /** Rules of the rooms above the ledger. */
  checks?: readonly LedgerCheck[];
  /** Seal up to which the chain was verified before; null for the whole chain. The other rules read all rows. */
  from?: Checkpoint | null;
  /** Called after each rule. */
  onRule?(done: number, total: number): void;
}

/**
 * Checks the rules of the ledger on all rows. The database enforces most of them per row and event; a restored backup
 * or a superuser may have bypassed them.
 *
 * Each rule is one statement with a snapshot of its own, without a time limit. Posting continues, and rows that are
 * posted meanwhile break no rule.
 *
 * In each unit the balances of all accounts sum to zero. Excluded are conversions in events of versions that did not
 * balance them (`is_exchange_balanced` is false).
 * @see docs/decisions/0070-ledger-verification.md
 */
export async function verifyLedger(
  db: Db,
  { checks = [], from = null, onRule }: VerificationOptions = {},
): Promise<LedgerVerification> {
  const counts = await readWithoutLimit(db, countLedger);
  const violations: Violation[] = [];
  const all = [...rowChecks, ...subjectChecks, ...checks, ...chainChecks(from)];
  for (const [index, { rule, find }] of all.entries()) {
    const found = await readWithoutLimit(db, find);
    violations.push(...found.map((finding) => ({ rule, ...finding })));
    onRule?.(index + 1, all.length);
  }
  return { ...counts, violations, chain: await findChainState(db) };
}
