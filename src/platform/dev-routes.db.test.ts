import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startApp, type TestApp } from '../../test/support/start-app.ts';
import { inTransaction } from './db/database.ts';
import { emit } from './jobs/events.ts';

let app: TestApp;
before(async () => {
  app = await startApp();
});
after(() => app.close());

const send = (method: 'GET' | 'POST', url: string, given: { body?: object; accept?: string } = {}) =>
  app.http.inject({
    method,
    url,
    headers: given.accept === undefined ? {} : { accept: given.accept },
    ...(given.body === undefined ? {} : { payload: given.body }),
  });

test('the clock moves forward and runs all work that falls due on the way', async () => {
  assert.deepEqual((await send('GET', '/_dev/clock')).json(), { now: '2026-03-10T15:00:00.000Z' });
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

test('concurrent moves of the clock are serialized', async () => {
  const both = await Promise.all([
    send('POST', '/_dev/clock', { body: { now: '2026-03-13T00:00:00Z' } }),
    send('POST', '/_dev/clock', { body: { now: '2026-03-14T00:00:00Z' } }),
  ]);
  assert.deepEqual(
    both.map((reply) => reply.json().now),
    ['2026-03-13T00:00:00.000Z', '2026-03-14T00:00:00.000Z'],
  );
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
  assert.equal(list.count, 1);
  assert.deepEqual(Object.keys(list.results[0]).toSorted(), [
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
  assert.equal((await send('GET', `/_dev/mail?to=${encodeURIComponent(list.results[0].to[0])}`)).json().count, 1);
  const page = await send('GET', '/_dev/mail', { accept: 'text/html' });
  assert.match(page.headers['content-type']?.toString() ?? '', /text\/html/);
  assert.ok(page.body.includes('&lt;img src=x&gt;') && !page.body.includes('<img'));
});
