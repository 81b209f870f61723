import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { argon2Sync } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Problem } from '#kernel/problem';
import { TEST_PASSWORD_MEMORY_KIB } from '../../../test/support/test-secret.ts';
import { hashPassword, passwordPool, usePasswordMemory, verifyPassword } from './password.ts';

// Other tests of this process use little memory.
before(() => usePasswordMemory(19_456));
after(() => usePasswordMemory(TEST_PASSWORD_MEMORY_KIB));

test('a password matches its own hash and no other', async () => {
  const stored = await hashPassword('correct horse');
  assert.match(stored, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  assert.deepEqual(await verifyPassword(stored, 'correct horse'), { matches: true, is_outdated: false });
  assert.deepEqual(await verifyPassword(stored, 'correct horses'), { matches: false, is_outdated: false });
});

test('without a stored password no password matches, and the work is the same', async () => {
  const stored = await hashPassword('correct horse');
  const time = async (hash: string | null) => {
    const started = performance.now();
    assert.equal((await verifyPassword(hash, 'wrong')).matches, false);
    return performance.now() - started;
  };
  const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  const known: number[] = [];
  const unknown: number[] = [];
  for (let round = 0; round < 9; round += 1) {
    known.push(await time(stored));
    unknown.push(await time(null));
  }
  const ratio = median(known) / median(unknown);
  assert.ok(ratio > 0.5 && ratio < 2, `known/unknown = ${ratio.toFixed(2)}`);
});

test('a hash of other costs matches and is reported as outdated', async () => {
  const nonce = Buffer.alloc(16, 7);
  const tag = argon2Sync('argon2id', {
    message: 'old',
    nonce,
    memory: 8192,
    passes: 1,
    parallelism: 1,
    tagLength: 32,
  });
  const base64 = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '');
  const stored = `$argon2id$v=19$m=8192,t=1,p=1$${base64(nonce)}$${base64(tag)}`;
  assert.deepEqual(await verifyPassword(stored, 'old'), { matches: true, is_outdated: true });
  assert.deepEqual(await verifyPassword(stored, 'new'), { matches: false, is_outdated: false });
});

test('a password typed composed or decomposed is the same', async () => {
  const stored = await hashPassword('caf\u00e9 au lait');
  assert.equal((await verifyPassword(stored, 'cafe\u0301 au lait')).matches, true);
});

test('fifty concurrent sign-ins delay neither the event loop nor the worker threads', async () => {
  const stored = await hashPassword('correct horse');
  await stat('.');
  let storm_over = false;
  const storm = Promise.all(Array.from({ length: 50 }, () => verifyPassword(stored, 'wrong'))).then(() => {
    storm_over = true;
  });

  const waits_ms: number[] = [];
  while (!storm_over) {
    const started = performance.now();
    await stat('.');
    await nextTurn();
    waits_ms.push(performance.now() - started);
  }
  await storm;

  waits_ms.sort((a, b) => a - b);
  const p99 = waits_ms[Math.floor(waits_ms.length * 0.99)] ?? Infinity;
  assert.ok(waits_ms.length > 100, `only ${waits_ms.length} file look-ups went through`);
  // Without a bound, hashes occupy the four worker threads and a look-up waits for all of them.
  assert.ok(p99 < 150, `99 of 100 file look-ups took under ${p99.toFixed(1)} ms`);
});

test('a call is refused with a time to retry when the queue is full', async () => {
  const pool = passwordPool(1, 1);
  const done = await Promise.allSettled(['at work', 'waiting', 'too late'].map((who) => pool.run(async () => who)));
  assert.deepEqual(
    done.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected'],
  );
  await assert.rejects(
    Promise.all([1, 2, 3].map(() => pool.run(async () => {}))),
    (error) =>
      error instanceof Problem && error.code === 'busy' && error.status === 503 && error.extra.retry_after_s === 5,
  );
  assert.equal(await pool.run(async () => 'afterwards'), 'afterwards');
});

test('a failed call releases its slot in the pool', async () => {
  const pool = passwordPool(1, 1);
  await assert.rejects(
    pool.run(() => Promise.reject(new Error('broken'))),
    /broken/,
  );
  assert.equal(await pool.run(async () => 'next'), 'next');
});
