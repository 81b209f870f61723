import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { findScannedTables } from '../../../test/support/scanned-tables.ts';
import { type Db, inTransaction } from '../db/database.ts';
import { saveOutcomes } from './lease-store.ts';

const EVENTS_COUNT = 2_000;
const at = new Date('2026-03-10T15:00:00Z');

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());

test('the outcomes of a batch are saved by the keys of its rows', async () => {
  const { db } = database;
  await sql`insert into outbox_events (name, payload, created_at, next_attempt_at)
    select 'user_registered', '{}', ${at}, ${at} from generate_series(1, ${EVENTS_COUNT})`.execute(db);
  await sql`analyze outbox_events`.execute(db);
  const ids = await db.selectFrom('outbox_events').select('id').orderBy('id').limit(3).execute();
  const outcome = { parked_at: null, next_attempt_at: null, occurs_at: null, error: null, ran_at: null, took_ms: null };
  const scanned = await inTransaction(db, async (tx) => {
    // Cast: the counts of the scans are those of one transaction.
    await saveOutcomes(
      tx as unknown as Db,
      ids.map(({ id }) => ({ id, delivered_at: at, failures_count: 1, ...outcome })),
    );
    return findScannedTables(tx);
  });
  assert.deepEqual(scanned, []);
  const delivered = await db.selectFrom('outbox_events').select('id').where('delivered_at', '=', at).execute();
  assert.deepEqual(
    delivered.map(({ id }) => id).toSorted((a, b) => a - b),
    ids.map(({ id }) => id),
  );
});
