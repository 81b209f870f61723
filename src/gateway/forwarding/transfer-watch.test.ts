import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { makeTransferWatches, type Transfer } from './transfer-watch.ts';
import type { Place } from './upstream-shares.ts';

const idle_ms = 100;

function makeTransfer() {
  const calls: string[] = [];
  const place: Place = {
    kind: 'request',
    becomeStream: () => {
      calls.push('stream');
      return true;
    },
    release: () => undefined,
  };
  const transfer: Transfer = {
    body: null,
    copy: null,
    response: { writableNeedDrain: false } as ServerResponse, // the member that the watch reads
    place,
    onStalled: (reason) => calls.push(reason),
  };
  return { calls, transfer };
}

test('a response without progress is reported once it was idle, and neither before nor after its end', (context) => {
  context.mock.timers.enable({ apis: ['setInterval'] });
  let now_ms = 0;
  context.mock.method(performance, 'now', () => now_ms);
  const pass = (time_ms: number) => {
    for (let passed_ms = 0; passed_ms < time_ms; passed_ms += 25) {
      now_ms += 25;
      context.mock.timers.tick(25);
    }
  };
  const watches = makeTransferWatches(idle_ms);
  const [first, second, waiting] = [makeTransfer(), makeTransfer(), makeTransfer()];
  const one = watches.watch(first.transfer);
  const two = watches.watch(second.transfer);
  const three = watches.watch(waiting.transfer);
  one.responseStarted(false);
  two.responseStarted(true);
  pass(75);
  one.responseMoved();
  pass(75);
  assert.deepEqual(first.calls, []);
  pass(75);
  assert.equal(first.calls[0], 'slow');
  one.stop();
  one.stop();
  const { length } = first.calls;
  pass(6000);
  assert.equal(first.calls.length, length);
  assert.ok(second.calls.length > 0);
  assert.ok(
    [...second.calls, ...waiting.calls].every((call) => call === 'stream'),
    'events may pause',
  );
  two.stop();
  three.stop();
  const four = makeTransfer();
  watches.watch(four.transfer).responseStarted(false);
  pass(200);
  assert.ok(four.calls.includes('slow'), 'the timer runs again');
});
