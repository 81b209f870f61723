import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { browserClient } from '../../test/support/client.ts';
import { startApp, type TestApp } from '../../test/support/start-app.ts';
import { inTransaction } from './db/database.ts';
import { emit } from './jobs/events.ts';

let app: TestApp;
before(async () => {
  app = await startApp();
});
after(() => app.close());

const send = (method: 'GET' | 'POST' | 'DELETE', url: string, given: { body?: object; accept?: string } = {}) =>
  app.http.inject({
    method,
    url,
    headers: given.accept === undefined ? {} : { accept: given.accept },
    ...(given.body === undefined ? {} : { payload: given.body }),
  });

test('the clock moves forward and runs all work that falls due on the way', async () => {
  assert.deepEqual((await send('GET', '/_dev/clock')).json(), { now: '2026-03-10T15:00:00.000Z', move: null });
  const moved = await send('POST', '/_dev/clock', { body: { now: '2026-03-12T00:00:00Z' } });
  assert.equal(moved.statusCode, 200);
  const { now, runs_count, failed } = moved.json();
  assert.equal(now, '2026-03-12T00:00:00.000Z');
  assert.ok(runs_count > 0);
  assert.deepEqual(failed, []);
  assert.equal((await send('GET', '/_dev/clock')).json().now, now);
});

test('the clock refuses to move backwards and any text that is not an instant', async () => {
  for (const now of ['2026-03-10T15:00:00Z', 'tomorrow', '', '0001-01-01', '9999-12-31', '2099-01-01T00:00:00Z']) {
    const refused = await send('POST', '/_dev/clock', { body: { now } });
    assert.equal(refused.statusCode, 400, now);
    assert.ok(Array.isArray(refused.json().now), now);
  }
  assert.equal((await send('POST', '/_dev/clock', { body: {} })).statusCode, 400);
});

test('a second move while the clock moves is refused, and the first one can be cancelled', async () => {
  const first = send('POST', '/_dev/clock', { body: { now: '2027-03-12T00:00:00Z' } });
  let progress = (await send('GET', '/_dev/clock')).json();
  for (let tries = 0; progress.move?.state !== 'running' || progress.move.part === 0; tries += 1) {
    assert.ok(tries < 500, JSON.stringify(progress));
    await sleep(10);
    progress = (await send('GET', '/_dev/clock')).json();
  }
  assert.ok(progress.move.part < 1 && progress.move.days_per_second > 0 && progress.move.left_ms > 0);
  const second = await send('POST', '/_dev/clock', { body: { now: '2027-03-13T00:00:00Z' } });
  assert.deepEqual([second.statusCode, second.json().code], [409, 'clock_moving']);
  assert.equal((await send('DELETE', '/_dev/clock')).statusCode, 200);
  const cancelled = (await first).json();
  assert.equal(cancelled.move.state, 'cancelled');
  assert.ok(cancelled.now > '2026-03-12' && cancelled.now < '2027', cancelled.now);
  const now = new Date(Date.parse(cancelled.now) + 86_400_000).toISOString();
  const third = (await send('POST', '/_dev/clock', { body: { now } })).json();
  assert.deepEqual([third.now, third.move.state, third.move.part], [now, 'done', 1]);
});

test('the page of the clock moves it by a step and reports the move', async () => {
  const html = { accept: 'text/html' };
  const led = await send('GET', '/_dev/clock', html);
  assert.deepEqual([led.statusCode, led.headers.location], [303, '/_dev/clock/move/']);
  const browser = browserClient(app);
  const before = app.clock.now();
  assert.match((await browser.get('/_dev/clock/move/')).text, /type="range"[^>]*max="366"/);
  assert.equal((await browser.post('/_dev/clock/move/', { step: 'week' })).status, 303);
  let page = await browser.get('/_dev/clock/move/');
  for (let tries = 0; /The clock moves/.test(page.text); tries += 1) {
    assert.ok(tries < 1000 && page.headers['refresh'] === '1');
    await sleep(50);
    page = await browser.get('/_dev/clock/move/');
  }
  assert.match(page.text, /The clock moved/);
  assert.equal(app.clock.now().getTime() - before.getTime(), 7 * 86_400_000);
  for (const [fields, text] of [
    [{ step: 'date', date: '2020-01-01' }, /only moves forward/],
    [{ step: 'days', days: '9999' }, /10 years at a time/],
    [{ step: 'date', date: '' }, /Choose a date/],
  ] as const) {
    await browser.post('/_dev/clock/move/', fields);
    assert.match((await browser.get('/_dev/clock/move/')).text, text);
  }
  assert.equal(app.clock.now().getTime() - before.getTime(), 7 * 86_400_000);
});

test('captured mail is a list for programs and a page with escaped text for browsers', async () => {
  const { broker_id } = (await app.tollgate.makeContext('test')).site;
  await inTransaction(app.db, (tx) =>
    emit(
      tx,
      {
        name: 'user_contact',
        payload: {
          user_id: null,
          email: 'visitor@example.com',
          full_name: '<img src=x>',
          message: 'Hi',
          provider_id: broker_id,
        },
      },
      app.clock.now(),
    ),
  );
  await app.tollgate.worker.drain();
  const list = (await send('GET', '/_dev/mail')).json();
  assert.equal(list.count, list.results.length);
  // Reports of the weeks that the clock passed are in the list, too.
  const [mail, ...more] = list.results.filter(({ event }: { event: string }) => event === 'user_contact');
  assert.deepEqual(more, []);
  assert.deepEqual(Object.keys(mail).toSorted(), [
    'bcc',
    'created_at',
    'event',
    'html',
    'reply_to',
    'subject',
    'text',
    'to',
  ]);
  assert.equal((await send('GET', '/_dev/mail?to=unknown%40example.com')).json().count, 0);
  const received = (await send('GET', `/_dev/mail?to=${encodeURIComponent(mail.to[0])}`)).json();
  assert.ok(received.results.every(({ to }: { to: string[] }) => to.includes(mail.to[0])));
  const page = await send('GET', '/_dev/mail', { accept: 'text/html' });
  assert.match(page.headers['content-type']?.toString() ?? '', /text\/html/);
  assert.ok(page.body.includes('&lt;img src=x&gt;') && !page.body.includes('<img'));
});
