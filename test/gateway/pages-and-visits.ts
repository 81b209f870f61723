import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { inTransaction } from '../../src/platform/db/database.ts';
import { makeUser } from '../support/factories/accounts.ts';
import { app, call, html, rules } from './site.ts';

test('visits are in the session, and counted after the next batch', async () => {
  await rules([{ path: '/app/', allow: 1, engaged: 'app, docs' }]);
  const first = (await call('/app/', { as: 'kenneth' })).json().session;
  assert.equal(first.last_visited, null);
  assert.deepEqual(first.first_time_tags, ['app', 'docs']);
  const second = (await call('/app/', { as: 'kenneth' })).json().session;
  assert.equal(second.last_visited, app.clock.now().toISOString());
  assert.equal('first_time_tags' in second, false);
  let { json } = await call('/api/proxy/engagement', { as: 'donny' });
  for (let round = 0; round < 40 && json().engagements.length === 0; round++) {
    await sleep(50);
    ({ json } = await call('/api/proxy/engagement', { as: 'donny' }));
  }
  assert.deepEqual(json().engagements, [
    { slug: 'app', count: 1 },
    { slug: 'docs', count: 1 },
  ]);
  const users = await call('/api/proxy/engagement/users', { as: 'donny' });
  assert.deepEqual(users.json().results, [{ username: 'kenneth', engagements: ['app', 'docs'] }]);
});

test('a granted request that is not forwarded gets the front page or the home of a profile of the caller, otherwise 404', async () => {
  await rules([
    { path: '/app/', allow: 1, is_forward: false },
    { path: '/', allow: 0, is_forward: false },
  ]);
  const front = await call('/', { headers: html });
  assert.equal(front.status, 200);
  assert.match(front.headers.get('content-security-policy') ?? '', /default-src 'none'/);
  assert.equal((await call('/app/acme/', { as: 'xia', headers: html })).status, 200);
  assert.equal((await call('/app/acme/', { as: 'kenneth', headers: html })).status, 403);
  const only = await call('/app/', { as: 'kenneth', headers: html });
  assert.equal(only.location, '/app/kenneth/');
  const several = await call('/app/', { as: 'xia', headers: html });
  assert.match(several.text, /\/app\/acme\//);
  assert.equal((await call('/app', { as: 'alice', headers: html })).location, '/app/cowork/');
  const newcomer = await makeUser(app.database.db, { username: 'newcomer' });
  assert.equal((await call('/app/', { as: newcomer.username, headers: html })).location, '/profile/');
  for (const path of [
    '/nowhere',
    '/saas/billing/receipt',
    '/base',
    '/_menubar',
    '/rules/forward_error',
    '/notification/user_welcome',
    '/login/otp',
    '/404',
    '/index.html',
  ]) {
    assert.equal((await call(path, { headers: html })).status, 404, path);
  }
});

test('the recent activity lists the sign-ins of today', async () => {
  await inTransaction(app.database.db, (tx) =>
    tx.updateTable('users').set({ last_login_at: app.clock.now() }).where('username', '=', 'xia').execute(),
  );
  const { json } = await call('/api/proxy/recent', { as: 'donny' });
  assert.deepEqual(json().results, [
    {
      slug: 'xia',
      printable_name: 'xia Tester',
      descr: 'recently logged in',
      created_at: app.clock.now().toISOString(),
      type: 'user',
    },
  ]);
});
