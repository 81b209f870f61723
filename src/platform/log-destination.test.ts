import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { logDestination } from './log-destination.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-log-'));
});
after(() => rmSync(folder, { recursive: true }));

/** Opens a log in a file, which stays open until the process ends; `lines` returns the lines that reached it. */
function openLog(name: string) {
  const path = join(folder, name);
  const fd = openSync(path, 'w');
  const log = pino({ base: null }, logDestination(fd));
  const lines = () => readFileSync(path, 'utf8').trim().split('\n').filter(Boolean);
  return { log, lines };
}

test('the line of a request waits, and any other line is written immediately after it', () => {
  const { log, lines } = openLog('order');
  log.info({ event: 'http_request', status: 200 }, 'request');
  assert.deepEqual(lines(), []);
  log.info('ready');
  assert.deepEqual(
    lines().map((line) => JSON.parse(line).msg),
    ['request', 'ready'],
  );
  log.error({ event: 'http_request' }, 'failed');
  assert.equal(lines().length, 3);
});

test('the line of a request is written within a second', async () => {
  const { log, lines } = openLog('time');
  log.info({ event: 'http_request' }, 'request');
  const started_ms = performance.now();
  // The timer of the destination is the subject: it runs in real time.
  while (lines().length === 0 && performance.now() - started_ms < 1500) await sleep(20);
  assert.ok(performance.now() - started_ms < 1000);
  assert.equal(lines().length, 1);
});

test('many lines of requests are written without a timer', () => {
  const { log, lines } = openLog('size');
  for (let index = 0; index < 1000; index += 1) log.info({ event: 'http_request', index }, 'request');
  assert.ok(lines().length > 500);
});

for (const [end, statement] of [
  ['an exit', 'process.exit(0)'],
  ['an uncaught error', "throw new Error('a bug')"],
  ['an unhandled rejection', "Promise.reject(new Error('a bug'))"],
  ['the end of its work', ''],
] as const)
  test(`${end} of the process loses no line`, () => {
    const script = `
      import { pino } from 'pino';
      import { logDestination } from './src/platform/log-destination.ts';
      const log = pino({ base: null }, logDestination());
      for (let index = 0; index < 50; index += 1) log.info({ event: 'http_request', index }, 'request');
      ${statement};`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: root,
      encoding: 'utf8',
    });
    assert.equal(stdout.trim().split('\n').length, 50);
  });
