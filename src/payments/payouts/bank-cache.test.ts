import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PayoutAccount } from '../processors/index.ts';
import { makeBankCache } from './bank-cache.ts';

const bank = (last4: string): PayoutAccount => ({ bank_name: 'Bank', last4, available: null });

/** A processor that counts its calls, and clocks that both can be moved. */
function makeScene(answer: (call: number) => Promise<PayoutAccount | null> = async (call) => bank(String(call))) {
  const scene = { site_ms: 0, machine_ms: 0, calls: [] as string[] };
  const clock = { now: () => new Date(scene.site_ms) };
  const payoutAccount = (account: string) => {
    scene.calls.push(account);
    return answer(scene.calls.length);
  };
  const read = makeBankCache(clock, () => scene.machine_ms);
  return { scene, read: (account: string, name = 'stripe') => read({ name, payoutAccount }, account) };
}

test('an account is asked for once in 60 s, and each account and processor for itself', async () => {
  const { scene, read } = makeScene();
  assert.equal((await read('acct_1'))?.last4, '1');
  scene.site_ms = scene.machine_ms = 59_999;
  assert.equal((await read('acct_1'))?.last4, '1');
  assert.equal((await read('acct_2'))?.last4, '2');
  assert.equal((await read('acct_1', 'other'))?.last4, '3');
  scene.site_ms = scene.machine_ms = 60_000;
  assert.equal((await read('acct_1'))?.last4, '4');
  assert.deepEqual(scene.calls, ['acct_1', 'acct_2', 'acct_1', 'acct_1']);
});

test('60 s of either clock are enough, and a clock that was set back keeps nothing', async () => {
  const { scene, read } = makeScene();
  await read('acct_1');
  scene.machine_ms = 60_000;
  assert.equal((await read('acct_1'))?.last4, '2');
  scene.site_ms = 60_000;
  assert.equal((await read('acct_1'))?.last4, '3');
  scene.site_ms = 59_999;
  assert.equal((await read('acct_1'))?.last4, '4');
});

test('concurrent readers share one call', async () => {
  const { scene, read } = makeScene();
  assert.deepEqual(
    (await Promise.all([read('acct_1'), read('acct_1')])).map((each) => each?.last4),
    ['1', '1'],
  );
  assert.equal(scene.calls.length, 1);
});

test('a failure and an account without access are asked for again', async () => {
  const answers = [Promise.reject(new Error('down')), Promise.resolve(null), Promise.resolve(bank('3'))];
  for (const each of answers) each.catch(() => undefined);
  const { scene, read } = makeScene((call) => answers[call - 1] ?? assert.fail());
  await assert.rejects(read('acct_1'), { message: 'down' });
  assert.equal(await read('acct_1'), null);
  assert.equal((await read('acct_1'))?.last4, '3');
  assert.equal((await read('acct_1'))?.last4, '3');
  assert.equal(scene.calls.length, 3);
});
