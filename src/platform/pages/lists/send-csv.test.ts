import assert from 'node:assert/strict';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { after, before, test } from 'node:test';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import fastify from 'fastify';
import type { Context } from '../../context.ts';
import '../../http/augmentation.ts';
import { type CsvColumn, csvCell, withoutFormula } from './csv-cell.ts';
import { sendCsv } from './send-csv.ts';

interface Row {
  text: string;
  amount: number;
}
const columns: readonly CsvColumn<Row>[] = [
  { heading: '=Text', kind: 'text', value: (row) => row.text },
  { heading: 'Amount', kind: 'decimal', value: (row) => row.amount },
];
const BATCH = 1000;

let origin: string;
/** What the source of the current download did. */
let source = { batches_count: 0, is_ended: false };
let fails_at = Infinity;

async function* batches(count: number): AsyncGenerator<Row[]> {
  try {
    for (let first = 0; first < count; first += BATCH) {
      if (first >= fails_at) throw new Error('the database went away');
      source.batches_count += 1;
      yield Array.from({ length: Math.min(BATCH, count - first) }, (_, index) => ({
        text: `Row ${first + index}, "quoted"\nand more text to fill a line of a file`,
        amount: -(first + index),
      }));
    }
  } finally {
    source.is_ended = true;
  }
}

const server = fastify({ forceCloseConnections: true });
before(async () => {
  server.decorateRequest('ctx');
  server.addHook('onRequest', async (request) => {
    // Cast: a download reads the clock of its context and nothing else.
    request.ctx = { clock: { now: () => new Date('2026-11-26T05:00:00Z') } } as Context;
  });
  server.get<{ Querystring: { count: string; ms_max?: string } }>('/download/', async (request, reply) => {
    source = { batches_count: 0, is_ended: false };
    const file = { name: '../ro ws', columns, batches: batches(Number(request.query.count)), timezone: 'UTC' };
    return sendCsv(reply, file, { ms_max: Number(request.query.ms_max ?? 60_000) });
  });
  origin = await server.listen({ host: '127.0.0.1', port: 0 });
});
after(() => server.close());

test('a download has a safe name, a header row and every cell as it was', async () => {
  const response = await fetch(`${origin}/download/?count=2500`);
  assert.match(response.headers.get('content-disposition') ?? '', /^attachment; filename="rows-20261126\.csv"$/);
  const rows = parse(await response.text());
  assert.deepEqual(rows[0], ["'=Text", 'Amount'], 'a heading may be the title of a plan');
  assert.equal(rows.length, 2501);
  assert.deepEqual(rows[2], ['Row 1, "quoted"\nand more text to fill a line of a file', '-0.01']);
  assert.equal(source.batches_count, 3);
});

test('100,000 rows are read as fast as the client takes them, and no further when it leaves', async () => {
  const request = httpRequest(`${origin}/download/?count=100000`);
  request.end();
  const response = await new Promise<IncomingMessage>((resolve) => request.once('response', resolve));
  response.pause();
  await delay(500);
  // The buffers of the sockets hold the batches that were read; the other 9 of 10 rows are still in the database.
  const waiting = source.batches_count;
  assert.ok(waiting < 100, `${waiting} batches of 100 were read for a client that reads nothing`);
  await delay(300);
  assert.equal(source.batches_count, waiting);
  assert.equal(source.is_ended, false);
  response.destroy();
  for (let wait = 0; wait < 100 && !source.is_ended; wait += 1) await delay(20);
  assert.equal(source.is_ended, true);
  assert.ok(source.batches_count < 100);
});

test('a client that stops reading is disconnected when the time of a download is over', async () => {
  const request = httpRequest(`${origin}/download/?count=100000&ms_max=2000`);
  request.end();
  const response = await new Promise<IncomingMessage>((resolve) => request.once('response', resolve));
  response.on('error', () => {}); // the connection is closed before the end of the response
  await delay(1000);
  assert.equal(source.is_ended, false, 'the buffers are full, and nothing is read');
  for (let wait = 0; wait < 150 && !source.is_ended; wait += 1) await delay(20);
  assert.equal(source.is_ended, true);
  response.destroy();
});

test('100,000 rows arrive whole', async () => {
  const text = await (await fetch(`${origin}/download/?count=100000`)).text();
  assert.equal(text.split('\r\n').length, 100_002);
  assert.equal(source.is_ended, true);
});

test('a failure before the first row is an error page, a later one and the time limit break the connection', async () => {
  fails_at = 0;
  assert.equal((await fetch(`${origin}/download/?count=10`, { headers: { accept: 'text/html' } })).status, 500);
  fails_at = 5000;
  await assert.rejects(fetch(`${origin}/download/?count=10000`).then((response) => response.text()));
  fails_at = Infinity;
  await assert.rejects(fetch(`${origin}/download/?count=1000000&ms_max=1`).then((response) => response.text()));
  assert.equal(source.is_ended, true);
});

test('HEAD has the headers of the download and reads no further than its first batch', async () => {
  const response = await fetch(`${origin}/download/?count=100000`, { method: 'HEAD' });
  assert.equal(response.headers.get('content-type'), 'text/csv; charset=utf-8');
  for (let wait = 0; wait < 100 && !source.is_ended; wait += 1) await delay(20);
  assert.ok(source.batches_count <= 2, `${source.batches_count} batches`);
  assert.equal(source.is_ended, true);
});

test('no text begins like a formula, and amounts keep their sign', () => {
  for (const text of ['=1+1', '+1', '-1', '@a', '\t=1', '\r1', '\n1', ' =1', '＝1', '－1', '-$1.00']) {
    assert.equal(withoutFormula(text), `'${text}`);
  }
  for (const text of ['', 'Basic', "'=1", '1-1', 'a=b', 'a; b']) assert.equal(withoutFormula(text), text);
  const cell = (column: CsvColumn<Row>, amount: number) => csvCell(column, { text: '', amount }, 'UTC');
  const money: CsvColumn<Row> = { heading: '', kind: 'money', value: ({ amount }) => ({ amount, unit: 'usd' }) };
  fc.assert(
    fc.property(fc.maxSafeInteger(), (amount) => {
      assert.match(cell({ heading: '', kind: 'decimal', value: (row) => row.amount }, amount), /^-?\d+\.\d\d$/);
      assert.match(cell(money, amount), /^-?\$\d+\.\d\d$/);
    }),
  );
  const foreign: CsvColumn<Row> = { heading: '', kind: 'money', value: ({ amount }) => ({ amount, unit: '=cmd' }) };
  assert.match(cell(foreign, -100), /^'/);
});

test('days are those of the zone of the list', () => {
  const day: CsvColumn<Date> = { heading: '', kind: 'day', value: (at) => at };
  assert.equal(csvCell(day, new Date('2026-11-26T05:00:00Z'), 'America/Los_Angeles'), '2026-11-25');
  assert.equal(csvCell(day, new Date('2026-11-26T05:00:00Z'), 'UTC'), '2026-11-26');
});

test('no part of a text that a separator of another spreadsheet begins is a formula', () => {
  assert.equal(withoutFormula('a;=1+1'), "a;'=1+1");
  assert.equal(withoutFormula('a;  +1;-2'), "a;  '+1;'-2");
  assert.equal(withoutFormula('a\t@SUM(A1)'), "a\t'@SUM(A1)");
  assert.equal(withoutFormula('=1;=2'), "'=1;'=2");
});
