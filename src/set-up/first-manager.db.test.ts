import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { buildTollgate } from '../app.ts';
import { openDatabase } from '#platform/db/database';
import { apiClient } from '../../test/support/client.ts';
import { startApp, TEST_SECRET, type TestApp } from '../../test/support/start-app.ts';
import { pino } from 'pino';
import { prepareFirstManager } from './first-manager.ts';

let app: TestApp;
before(async () => {
  app = await startApp();
});
after(() => app.close());

const prepare = async () => prepareFirstManager(await app.tollgate.makeContext('first manager'));
const keyNow = async () => {
  const prepared = await prepare();
  assert.ok(prepared !== null && 'link' in prepared);
  const key = /\/login\/([0-9a-f]{40})\/\?next=/.exec(prepared.link)?.[1];
  assert.ok(key, prepared.link);
  return key;
};
const later = (seconds: number) => app.clock.set(new Date(app.clock.now().getTime() + seconds * 1000));
const activate = (key: string) =>
  apiClient(app)('POST', `/api/auth/activate/${key}`, {
    username: 'boss',
    full_name: 'The Boss',
    new_password: 'correct horse 7',
  });

test('nodes that start together log one link between them', async () => {
  const second = app.database.url === null ? null : await openDatabase({ url: app.database.url });
  const other = second
    ? await buildTollgate({
        config: app.config,
        secret: TEST_SECRET,
        database: second,
        clock: app.clock,
        movable: null,
        log: pino({ level: 'silent' }),
      })
    : app.tollgate;
  const contexts = await Promise.all(
    Array.from({ length: 6 }, (_, i) => (i % 2 === 0 ? app.tollgate : other).makeContext('first manager')),
  );
  const prepared = await Promise.all(contexts.map((ctx) => prepareFirstManager(ctx)));
  assert.equal(prepared.filter((each) => each !== null && 'link' in each).length, 1);
  assert.equal(prepared.filter((each) => each !== null && 'prepared_at' in each).length, 5);
  const users = await app.db.selectFrom('users').select('username').execute();
  assert.equal(users.length, 1, 'one first manager');
  if (second) {
    await other.close();
    await second.close();
  }
});

test('a later start replaces the link: only the newest works, and only once', async () => {
  later(31);
  const first = await keyNow();
  later(31);
  const second = await keyNow();
  assert.notEqual(first, second);
  assert.equal((await activate(first)).status, 404, 'the earlier link is void');

  const responses = await Promise.all([activate(second), activate(second), activate(second)]);
  assert.deepEqual(responses.map(({ status }) => status).sort(), [201, 404, 404]);

  const { token } = responses.find(({ status }) => status === 201)?.json<{ token: string }>() ?? { token: '' };
  const boss = apiClient(app, token);
  assert.equal((await boss('POST', '/api/legal/terms-of-use/sign', { read_terms: true })).status, 200);
  assert.equal((await boss('GET', '/api/proxy')).status, 200);
  later(31);
  assert.equal(await prepare(), null, 'a site with a manager gets no link');
});
