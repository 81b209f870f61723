import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { forPayer, makeCallPacer } from './call-pacer.ts';

/** Runs `work` with timers and a clock that move together. */
async function withTime(
  { mock }: TestContext,
  work: (advance: (ms: number) => Promise<void>, now: () => number) => Promise<void>,
) {
  mock.timers.enable({ apis: ['setTimeout'] });
  let now_ms = 0;
  await work(
    async (ms) => {
      for (let passed = 0; passed < ms; passed += 10) {
        now_ms += 10;
        mock.timers.tick(10);
        await Promise.resolve();
        await Promise.resolve();
      }
    },
    () => now_ms,
  );
}

test('a sandbox gets 20 calls at first and 20 more each second, reads and writes and accounts separately', async (t) => {
  await withTime(t, async (advance, now) => {
    const pacer = makeCallPacer('test', now);
    let sent = 0;
    for (let index = 0; index < 50; index += 1) void pacer.wait('', true).then(() => (sent += 1));
    await advance(0);
    await new Promise(setImmediate);
    assert.equal(sent, 20);
    await pacer.wait('', false);
    await pacer.wait('acct_1', true);
    await advance(1000);
    await new Promise(setImmediate);
    assert(sent >= 39 && sent <= 41, `${sent}`);
    await advance(1000);
    await new Promise(setImmediate);
    assert.equal(sent, 50);
  });
});

test('the call of a payer passes the calls of jobs that wait, and none waits for more than 8 seconds', async (t) => {
  await withTime(t, async (advance, now) => {
    const pacer = makeCallPacer('test', now);
    const order: string[] = [];
    const refused: string[] = [];
    const call = (name: string) =>
      pacer.wait('', true).then(
        () => void order.push(name),
        () => void refused.push(name),
      );
    for (let index = 0; index < 20; index += 1) await pacer.wait('', true);
    for (let index = 0; index < 300; index += 1) void call('job');
    void forPayer(() => call('payer'));
    await advance(200);
    await new Promise(setImmediate);
    assert.equal(order[0], 'payer');
    await advance(9000);
    await new Promise(setImmediate);
    assert(refused.length > 100 && order.length + refused.length === 301, `${order.length} ${refused.length}`);
  });
});
