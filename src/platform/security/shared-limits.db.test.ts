import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { findVerifiedAddresses } from '#accounts';
import { pino } from 'pino';
import { countStatements } from '../../../bench/statement-count.ts';
import { apiClient, registerUser } from '../../../test/support/client.ts';
import { runJob } from '../../../test/support/run-job.ts';
import type { TestApp } from '../../../test/support/start-app.ts';
import { skipWithoutServer, startTwoNodes } from '../../../test/support/two-nodes.ts';
import { sharedAttempts } from './attempt-store.ts';
import { makeMailGate } from '../mail/mail-gate.ts';
import { type Throttle, throttleOn } from './throttle.ts';

const skip = skipWithoutServer;
const OWN_MAX = 40;
let two: Awaited<ReturnType<typeof startTwoNodes>>;
let nodes: [TestApp, TestApp];
before(async () => {
  if (skip) return;
  two = await startTwoNodes({ throttle_factor: 1, requests_per_minute_max: OWN_MAX, terms_required: false });
  ({ nodes } = two);
});
after(() => two?.close());

function throttleOf({ database }: TestApp): Throttle {
  assert.ok(database.side_pool);
  return throttleOn(sharedAttempts(database.side_pool));
}

const signIn = async (node: TestApp, username: string) =>
  (await apiClient(node)('POST', '/api/auth', { username, password: 'not the password' })).json()['code'];

test('wrong passwords that are sent to two nodes count together', { skip }, async () => {
  for (let count = 0; count < 5; count += 1) {
    for (const node of nodes) assert.equal(await signIn(node, 'unregistered'), 'credentials_mismatch');
  }
  for (const node of nodes) assert.equal(await signIn(node, 'unregistered'), 'too_many_requests');
});

test('two nodes together admit at most the maximum of concurrent attempts', { skip }, async () => {
  const limit = { name: 'at-once', max: 10, window_s: 60, counts: 'Attempts', per: 'test' };
  const [here, there] = nodes.map(throttleOf);
  assert.ok(here && there);
  const attempts = Array.from({ length: 30 }, (_, index) => (index % 2 === 0 ? here : there).allows(limit, 'key'));
  const admitted = (await Promise.all(attempts)).filter(Boolean);
  assert.equal(admitted.length, limit.max);
});

test('an attempt released by one node is available on the other, within its window only', { skip }, async () => {
  const limit = { name: 'given-back', max: 2, window_s: 60, counts: 'Attempts', per: 'test' };
  const [here, there] = nodes.map(throttleOf);
  assert.ok(here && there);
  await here.release(limit, 'key');
  for (const throttle of [here, there]) await throttle.take(limit, 'key');
  await here.release(limit, 'key');
  assert.equal(await there.allows(limit, 'key'), true);
  assert.equal(await there.allows(limit, 'key'), false);
});

test('attempts under several keys are counted and released in one statement each', { skip }, async () => {
  const limit = { name: 'several', max: 5, window_s: 60, counts: 'Attempts', per: 'test' };
  const [here, there] = nodes.map(throttleOf);
  assert.ok(here && there);
  const attempts = [
    { limit, key: 'one', count: 3 },
    { limit, key: 'two', count: 7 },
    { limit: { ...limit, name: 'other' }, key: 'one', count: 1 },
  ];
  const { statements } = await countStatements(async () => {
    assert.deepEqual(await here.allowsOfEach(attempts), [3, 5, 1]);
    assert.deepEqual(await there.allowsOfEach(attempts), [2, 0, 1]);
    await here.releaseOfEach([
      { limit, key: 'one', count: 4 },
      { limit, key: 'two', count: 20 },
      { limit, key: 'three', count: 1 },
    ]);
    assert.deepEqual(await there.allowsOfEach(attempts.slice(0, 2)), [3, 5]);
  });
  assert.equal(statements.length, 4);
});

test('two nodes that count the same keys in opposite orders do not block each other', { skip }, async () => {
  const limit = { name: 'ordered', max: 1_000, window_s: 60, counts: 'Attempts', per: 'test' };
  const attempts = Array.from({ length: 50 }, (_, index) => ({ limit, key: `${index}`, count: 2 }));
  const work = nodes.map(throttleOf).map(async (throttle, index) => {
    const ordered = index === 0 ? attempts : attempts.toReversed();
    for (let round = 0; round < 20; round += 1) {
      await throttle.allowsOfEach(ordered);
      await throttle.releaseOfEach(ordered.map((each) => ({ ...each, count: 1 })));
    }
  });
  await Promise.all(work);
  const [here] = nodes.map(throttleOf);
  assert.deepEqual(await here?.allowsOfEach([{ limit, key: '7', count: 961 }]), [960]);
});

test('wrong coupon codes that are sent to two nodes count together', { skip }, async () => {
  const [here] = nodes;
  const token = await registerUser(here, 'guesser');
  const guess = async (node: TestApp) =>
    (await apiClient(node, token)('POST', '/api/cart/redeem', { code: 'WRONG' })).json()['code'];
  for (let count = 0; count < 10; count += 1)
    for (const node of nodes) assert.equal(await guess(node), 'coupon_useless');
  for (const node of nodes) assert.equal(await guess(node), 'too_many_requests');
});

test('e-mails of one node to an unknown recipient count on the other node', { skip }, async () => {
  const origin = {
    kind: 'notice',
    sender_id: null,
    is_seller: false,
    profile_id: null,
    trusted: [],
    related: null,
  } as const;
  const admitted = [];
  for (const node of [...nodes, ...nodes]) {
    const gate = makeMailGate({
      throttle: throttleOf(node),
      findVerifiedAddresses,
      log: pino({ level: 'silent' }),
    });
    const to = ['stranger@elsewhere.test'];
    const mail = { key: 'event-1', event: 'profile_updated', to, bcc: [], instead: [], origin };
    admitted.push(...(await gate.admit([mail], await gate.findVerified(node.db, to))).flatMap((each) => each.to));
  }
  assert.deepEqual(admitted, ['stranger@elsewhere.test']);
});

test('requests to one node count on the other within a second', { skip }, async () => {
  // Both nodes count in minutes of the wall clock: the test must not run across the end of one.
  const left_ms = 60_000 - (Date.now() % 60_000);
  if (left_ms < 10_000) await sleep(left_ms);
  const [here, there] = nodes;
  const ask = async (node: TestApp) => (await apiClient(node)('GET', '/api/pricing')).status;
  for (let count = 0; count < OWN_MAX; count += 1) assert.equal(await ask(here), 200);
  assert.equal(await ask(here), 429);
  let admitted_count = 0;
  const started_ms = performance.now();
  while ((await ask(there)) === 200) {
    admitted_count += 1;
    assert.ok(performance.now() - started_ms < 5_000, 'the counts of the first node reach the other node within 5 s');
    await sleep(50);
  }
  assert.ok(admitted_count <= OWN_MAX, `${admitted_count} requests were admitted by the other node`);
});

test('counts of windows that have ended are deleted', { skip }, async () => {
  const [{ database, tollgate }] = nodes;
  await database.executeSql(`insert into rate_limits select 'old ' || n, 1, 1000 from generate_series(1, 2500) n`);
  await database.executeSql(`insert into request_counts values ('old', 1, 1)`);
  await runJob(tollgate, 'forget_counts');
  const { rows } = await database.executeSql(
    `select count(*) as left_count from rate_limits where expire <= 1000 union all select count(*) from request_counts where minute = 1`,
  );
  assert.deepEqual(rows, [{ left_count: 0 }, { left_count: 0 }]);
});
