import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Problem } from '#kernel/problem';
import { makeThrottle, networkOf, type RateLimit } from './throttle.ts';

const limit: RateLimit = { name: 'knock', max: 3, window_s: 60, counts: 'Knocks', per: 'door' };

test('the fourth attempt within the window is refused with the time to retry', async () => {
  let now_ms = 0;
  const throttle = makeThrottle(() => now_ms);
  for (now_ms of [0, 10_000, 20_000]) await throttle.take(limit, 'door');
  now_ms = 30_000;
  await assert.rejects(
    throttle.take(limit, 'door'),
    (error) =>
      error instanceof Problem &&
      error.code === 'too_many_requests' &&
      error.status === 429 &&
      error.extra.retry_after_s === 30,
  );
});

test('a window begins with its first attempt and ends for all attempts, refused ones included', async () => {
  let now_ms = 0;
  const throttle = makeThrottle(() => now_ms);
  for (now_ms of [0, 10_000, 20_000, 30_000, 40_000]) await throttle.allows(limit, 'door');
  now_ms = 59_999;
  assert.equal(await throttle.allows(limit, 'door'), false);
  now_ms = 60_000;
  for (let count = 0; count < 3; count += 1) await throttle.take(limit, 'door');
  assert.equal(await throttle.allows(limit, 'door'), false);
});

test('each key and each limit has a separate count', async () => {
  const throttle = makeThrottle(() => 0);
  for (let count = 0; count < 3; count += 1) await throttle.take(limit, 'door');
  assert.equal(await throttle.allows(limit, 'window'), true);
  assert.equal(await throttle.allows({ ...limit, name: 'ring' }, 'door'), true);
});

test('a successful attempt does not count', async () => {
  const throttle = makeThrottle(() => 0);
  for (let count = 0; count < 20; count += 1) {
    await throttle.take(limit, 'door');
    await throttle.release(limit, 'door');
  }
});

test('a site may raise every limit', async () => {
  const throttle = makeThrottle(() => 0, 10);
  for (let count = 0; count < 30; count += 1) await throttle.take(limit, 'door');
  assert.equal(await throttle.allows(limit, 'door'), false);
});

test('a factor does not raise a fixed limit', async () => {
  const throttle = makeThrottle(() => 0, 10);
  const fixed = { ...limit, fixed: true } as const;
  for (let count = 0; count < 3; count += 1) await throttle.take(fixed, 'door');
  assert.equal(await throttle.allows(fixed, 'door'), false);
});

test('an attempt released after its window does not change the next window', async () => {
  let now_ms = 0;
  const throttle = makeThrottle(() => now_ms);
  await throttle.take(limit, 'door');
  now_ms = 60_000;
  await throttle.release(limit, 'door');
  for (let count = 0; count < 3; count += 1) await throttle.take(limit, 'door');
  assert.equal(await throttle.allows(limit, 'door'), false);
});

test('memory stays bounded under a flood of keys', async () => {
  const throttle = makeThrottle(() => 0);
  for (let count = 0; count < 60_000; count += 1) await throttle.take(limit, `door ${count}`);
  assert.equal(await throttle.allows(limit, 'door 59999'), true);
});

test('the addresses of one IPv6 network count as one caller, those of IPv4 each', () => {
  assert.equal(networkOf('2001:db8:1:2:aaaa::1'), networkOf('2001:db8:1:2:bbbb:cccc:dddd:1'));
  assert.equal(networkOf('2001:db8::1'), networkOf('2001:db8:0:0:ffff::'));
  assert.notEqual(networkOf('2001:db8:1:2::1'), networkOf('2001:db8:1:3::1'));
  assert.notEqual(networkOf('203.0.113.1'), networkOf('203.0.113.2'));
  assert.equal(networkOf('::ffff:203.0.113.1'), networkOf('203.0.113.1'));
  assert.equal(networkOf('fe80::1%eth0'), networkOf('fe80::2'));
  assert.equal(networkOf(undefined), 'none');
});
