import assert from 'node:assert/strict';
import { test } from 'node:test';
import { progressText, reportProgress } from './progress.ts';

test('progress names what is done, the rate and the time that is left', () => {
  assert.equal(progressText('days', 120, 480, 10_000), '120 of 480 days (25 %), 12.0 days per second, 30 s left');
  assert.equal(progressText('rules', 0, 12, 0), '0 of 12 rules (0 %)');
});

test('a terminal shows one line that changes, a file gets few lines', () => {
  let at_ms = 0;
  const run = (isTTY: boolean) => {
    const written: string[] = [];
    at_ms = 0;
    const progress = reportProgress('days', { isTTY, write: (text) => written.push(text) }, () => at_ms);
    for (let day = 1; day <= 100; day += 1) {
      at_ms = day * 300;
      progress.report(day, 100);
    }
    progress.end();
    return written;
  };
  const terminal = run(true);
  assert.equal(terminal.length, 101);
  assert.ok(terminal.every((text) => text.startsWith('\r\u001b[K') && !text.includes('\n')));
  const file = run(false);
  assert.deepEqual(
    file.map((text) => text.endsWith('\n')),
    [true, true],
  );
});
