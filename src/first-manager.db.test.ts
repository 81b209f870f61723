import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiClient } from '../test/support/client.ts';
import { startApp, type TestApp } from '../test/support/start-app.ts';
import { firstManagerLink } from './first-manager.ts';

let app: TestApp;
before(async () => {
  app = await startApp();
});
after(() => app.close());

const linkNow = async () => firstManagerLink(await app.tollgate.makeContext('first manager'));
const keyOf = (link: string | null) => /\/login\/([0-9a-f]{40})\/$/.exec(link ?? '')?.[1] ?? '';

test('whoever runs the server becomes the first manager by a link that works once', async () => {
  const first = await linkNow();
  const second = await linkNow();
  assert.match(keyOf(second), /^[0-9a-f]{40}$/, 'a link that was not used is replaced at the next start');
  const users = await app.db.selectFrom('users').select('username').execute();
  assert.equal(users.length, 1, 'and makes nobody twice');
  assert.notEqual(first, second);

  const call = apiClient(app);
  const activate = (key: string) =>
    call('POST', `/api/auth/activate/${key}`, {
      username: 'boss',
      full_name: 'The Boss',
      new_password: 'correct horse 7',
    });
  const activated = await activate(keyOf(second));
  assert.equal(activated.status, 201, activated.text);
  assert.equal((await activate(keyOf(second))).status, 404);

  const { token } = activated.json<{ token: string }>();
  const boss = apiClient(app, token);
  assert.equal((await boss('POST', '/api/legal/terms-of-use/sign', { read_terms: true })).status, 200);
  assert.equal((await boss('GET', '/api/proxy')).status, 200);
  assert.equal(await linkNow(), null, 'a site that somebody manages gives out no link');
});
