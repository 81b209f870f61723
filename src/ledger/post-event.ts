import assert from 'node:assert/strict';
import type { Tx } from '#platform/db/database';
import { assertEntry, type Entry, type NewEntry, unbalancedUnit } from './entry.ts';
import { insertEntries, insertEvent } from './event-store.ts';
import { ledgerProblems } from './problems.ts';

export interface NewEvent {
  /** Names what happened once for ever (`order:12`, `charge:ch_x`). */
  key: string;
  kind: string;
  /** Key of the receipt that the event is about; none when omitted. */
  receipt_key?: string;
  at: Date;
  entries: readonly NewEntry[];
}

/**
 * Posts a business event: all its entries, in the order given, or none.
 *
 * Why a key: whoever tries twice (a retry, a job after a crash, two nodes at once) collides instead of booking twice.
 * The refusal leaves the transaction usable, so that a caller may read what was posted the first time.
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
