import assert from 'node:assert/strict';
import type { Tx } from '#platform/db/database';
import { assertEntry, type Entry, type NewEntry, unbalancedUnit } from './entry.ts';
import { insertEntries, insertEvent } from './event-store.ts';
import { ledgerProblems } from './problems.ts';

export interface NewEvent {
  /** Unique name of the business event (`order:12`, `charge:ch_x`). */
  key: string;
  kind: string;
  /** Key of the receipt that the event is about; none when omitted. */
  receipt_key?: string;
  at: Date;
  entries: readonly NewEntry[];
}

/**
 * Posts a business event: all its entries in the given order, or none.
 *
 * Why a key: a retry, a job after a crash or a concurrent node gets ledger_event_repeated and books nothing twice.
 * The transaction stays usable after that, so that the caller can read the entries of the first call.
 * @throws ledger_event_repeated (409)
 * @see docs/decisions/0004-double-entry.md
 */
export async function postEvent(tx: Tx, { key, kind, receipt_key, at, entries }: NewEvent): Promise<Entry[]> {
  assert(entries.length > 0, `ledger event ${key} has no entry`);
  for (const entry of entries) assertEntry(entry);
  const unit = unbalancedUnit(entries);
  assert(unit === null, `ledger event ${key} does not balance in ${unit}`);

  const id = await insertEvent(tx, { key, kind, receipt_key: receipt_key ?? null, created_at: at });
  if (id === undefined) throw ledgerProblems.ledger_event_repeated({ members: { key } });

  return insertEntries(
    tx,
    id,
    entries.map((entry) => ({ ...entry, created_at: entry.created_at ?? at })),
  );
}
