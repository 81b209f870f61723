import assert from 'node:assert/strict';
import type { Tx } from '#platform/db/database';
import { assertEntry, type Entry, type NewEntry, unbalancedUnit } from './entry.ts';
import { insertEvents } from './event-store.ts';
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
export async function postEvent(tx: Tx, event: NewEvent): Promise<Entry[]> {
  return (await postEvents(tx, [event]))[0] ?? [];
}

/**
 * Posts several business events in the given order with one statement: all of them, or none. Returns the entries of
 * each event.
 *
 * The transaction stays usable after ledger_event_repeated if all keys exist. If only some exist, the database rejects
 * its commit, because the other events have no entries.
 * @throws ledger_event_repeated (409)
 */
export async function postEvents(tx: Tx, events: readonly NewEvent[]): Promise<Entry[][]> {
  for (const event of events) assertEvent(event);
  if (events.length === 0) return [];
  const posted = await insertEvents(
    tx,
    events.map(({ key, kind, receipt_key, at, entries }) => ({
      key,
      kind,
      receipt_key: receipt_key ?? null,
      created_at: at,
      entries: entries.map((entry) => ({ ...entry, created_at: entry.created_at ?? at })),
    })),
  );
  if (posted.length === 0) {
    const keys = events.map(({ key }) => key);
    throw ledgerProblems.ledger_event_repeated({ members: keys.length === 1 ? { key: keys[0] } : { keys } });
  }
  let first = 0;
  return events.map(({ entries }) => posted.slice(first, (first += entries.length)));
}

function assertEvent({ key, entries }: NewEvent): void {
  assert(entries.length > 0, `ledger event ${key} has no entry`);
  for (const entry of entries) assertEntry(entry);
  const unit = unbalancedUnit(entries);
  assert(unit === null, `ledger event ${key} does not balance in ${unit}`);
}
