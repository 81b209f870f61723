import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Logger, pino, stdTimeFunctions } from 'pino';
import type { Actor } from '../context.ts';
import type { UserId } from '../db/db-schema.ts';
import { makeLogTime } from '../log-time.ts';
import { logRequest, serializeRequestLines } from './request-log.ts';

const actor = (username: string): Actor => ({
  kind: 'user',
  user_id: 1 as UserId, // any id
  username,
  session_id: null,
  via: 'token',
  visitor_hash: null,
});

/** Makes a logger like that of the program; `lines` are its lines. */
function openLog() {
  const lines: string[] = [];
  const options = {
    level: 'info',
    base: null,
    timestamp: () => ',"time":"now"',
    formatters: { level: (label: string) => ({ level: label }) },
    redact: ['password', 'token', 'key'],
  };
  return { lines, log: pino(options, { write: (line: string) => lines.push(line) }) };
}

test('the line of a request has the bytes that pino writes', () => {
  const [plain, own] = [openLog(), openLog()];
  serializeRequestLines(own.log);
  const write = (log: Logger) => {
    const ended = { method: 'GET', route: '/api/profile/:profile', status: 200, started_at_ms: Infinity };
    logRequest(log, 'info', { ...ended, actor: actor('xia') }, { reqId: 'r1' });
    logRequest(log.child({ reqId: 'r"2' }), 'info', { ...ended, actor: undefined, route: undefined });
    logRequest(log, 'info', { ...ended, method: 'a"\\\n\u007f', route: 'é/*', actor: actor('x'.repeat(150)) });
    logRequest(log, 'debug', { ...ended, actor: undefined });
    log.info({ token: 'secret', event: 'http_request' }, 'another line');
  };
  write(plain.log);
  write(own.log);
  assert.equal(own.lines.length, 4);
  assert.deepEqual(own.lines.map(withoutDuration), plain.lines.map(withoutDuration));
  assert.match(own.lines[3] ?? '', /\[Redacted\]/);
});

function withoutDuration(line: string): string {
  return line.replace(/"duration_ms":[^,]*/, '"duration_ms":0');
}

test('the instant of a line has the form of pino', (context) => {
  context.mock.timers.enable({ apis: ['Date'] });
  const logTime = makeLogTime({ now: () => new Date() });
  for (const ms of [0, 7, 999, 1000, 1001, 1_732_586_399_999, 1_732_586_400_000, 5]) {
    context.mock.timers.setTime(ms);
    assert.equal(logTime(), stdTimeFunctions.isoTime());
  }
});
