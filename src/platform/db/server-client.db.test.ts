import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openTestDatabase } from '../../../test/support/database.ts';
import { findWriteRefusal, TEST_MS_MAX } from './server-client.ts';

const skip = process.env['TEST_DATABASE_URL'] ? false : 'an embedded database has no server';

/** Keeps the process from timers and sockets, as a machine without time for it does. */
function stopProcess(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

test('a process that stopped for longer than the limit takes the response that waits for it', { skip }, async (t) => {
  const database = await openTestDatabase();
  t.after(() => database.close());
  const client = await database.connect?.();
  assert.ok(client);
  t.after(() => client.end());
  const refusal = findWriteRefusal(client);
  // The query is sent in this turn; the server responds while the process stands still.
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  stopProcess(TEST_MS_MAX + 500);
  assert.equal(await refusal, undefined);
});
