import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openTestDatabase, type TestDatabase } from '../../../../test/support/database.ts';
import { claimKey, releaseKey, updateResponse } from './idempotency-store.ts';

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());

const at = new Date('2026-03-10T15:00:00.000Z');
const later = new Date(at.getTime() + 121_000);
const response = (status: number) => ({ status, headers: {}, body_sealed: 'sealed' });

/** Claims a key, and takes it over after the first request took longer than its lock. */
async function takeOver(key: string) {
  const first = await claimKey(database.db, 'user:1', key, 'print', at);
  const second = await claimKey(database.db, 'user:1', key, 'print', later);
  assert.ok(first.kind === 'claimed' && second.kind === 'claimed');
  return [first, second].map(({ claimed_at }) => ({ scope: 'user:1', key, claimed_at })) as [Claimed, Claimed];
}
type Claimed = Parameters<typeof releaseKey>[1];

test('a slow request does not release the key of the request that took it over', async () => {
  const [slow, current] = await takeOver('slow');
  await releaseKey(database.db, slow);
  const repeated = await claimKey(database.db, 'user:1', 'slow', 'print', later);
  assert.equal(repeated.kind, 'in_flight');
  await releaseKey(database.db, current);
  assert.equal((await claimKey(database.db, 'user:1', 'slow', 'print', later)).kind, 'claimed');
});

test('a slow request does not replace the response of the request that took its key over', async () => {
  const [slow, current] = await takeOver('late');
  await updateResponse(database.db, slow, response(500));
  assert.equal((await claimKey(database.db, 'user:1', 'late', 'print', later)).kind, 'in_flight');
  await updateResponse(database.db, current, response(201));
  await updateResponse(database.db, slow, response(400));
  const stored = await claimKey(database.db, 'user:1', 'late', 'print', later);
  assert.ok(stored.kind === 'done');
  assert.equal(stored.response.status, 201);
});
