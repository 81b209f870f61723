import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openOrExtend } from '#subscriptions';
import { inTransaction } from '../../src/platform/db/database.ts';
import { app, call, html, planOf, profileOf, rules } from './site.ts';

test('a browser is redirected to sign-in and back, a program gets 401 with the location', async () => {
  await rules([
    { path: '/app/', allow: 1 },
    { path: '/', allow: 0, is_forward: false },
  ]);
  const page = await call('/app/xia/reports?a=1&b=%2F', { headers: html });
  assert.equal(page.status, 302);
  assert.equal(page.location, `/login/?next=${encodeURIComponent('/app/xia/reports?a=1&b=%2F')}`);
  const program = await call('/app/xia/');
  assert.equal(program.status, 401);
  assert.equal(program.headers.get('www-authenticate'), 'Bearer');
  assert.deepEqual([program.json().code, program.json().location], ['credentials_required', '/login/']);
  const anything = await call('/app/', { headers: { accept: '*/*' } });
  assert.equal(anything.status, 401);
  const preferring = await call('/app/', { headers: { accept: 'text/html;q=0.9, application/json;q=0.1' } });
  assert.equal(preferring.status, 302);
});

test('the sign-in page never redirects to another site', async () => {
  for (const path of ['//evil.example/app/', '/app//evil.example', '/app/?next=//evil.example']) {
    const { location, status } = await call(path, { headers: html });
    assert.ok(status === 302 || status === 404 || status === 200, String(status));
    if (location !== null) assert.doesNotMatch(location, /next=(%2F%2F|\/\/|http)/);
  }
});

test('a request is refused without any rule', async () => {
  await rules([{ path: '/app', allow: 0 }]);
  const reply = await call('/elsewhere', { as: 'donny' });
  assert.equal(reply.status, 403);
  assert.equal(reply.json().code, 'rule_unmatched');
});

test('a subscription grants the next request, and its end refuses the next request', async () => {
  const allow = '15/{"profile": null, "plan": "premium", "brokers": null}';
  await rules([
    { path: '/app/{profile}/', allow },
    { path: '/', allow: 0, is_forward: false },
  ]);
  const refused = await call('/app/acme/', { as: 'xia' });
  assert.equal(refused.status, 402);
  assert.deepEqual(
    [refused.json().code, refused.json().location],
    ['subscription_required', '/billing/acme/cart/?plan=premium'],
  );
  const page = await call('/app/acme/a?b=1', { as: 'xia', headers: html });
  assert.equal(page.status, 302);
  assert.equal(page.location, `/billing/acme/cart/?plan=premium&next=${encodeURIComponent('/app/acme/a?b=1')}`);

  const [plan, acme] = [await planOf('premium'), await profileOf('acme')];
  const at = app.clock.now();
  const { subscription } = await inTransaction(app.database.db, (tx) =>
    openOrExtend(tx, { profile_id: acme.id, plan, periods_count: 1, at }),
  );
  // A purchase through the site: a request with an unsafe method to a route of Tollgate.
  await call('/api/proxy', { as: 'donny', method: 'PATCH', body: {} });
  for (const who of ['xia', 'carol']) {
    const granted = await call('/app/acme/', { as: who });
    assert.equal(granted.status, 200, granted.text);
    assert.deepEqual(granted.json().plans, ['premium']);
  }
  assert.equal(
    (await call('/app/acme/', { as: 'kenneth' })).status,
    402,
    'the subscription of another profile does not count',
  );
  assert.equal((await call('/app/unknown/', { as: 'xia' })).status, 404);
  assert.equal(
    (await call('/app/acme/', { as: 'donny' })).status,
    200,
    'a manager of the broker may open every profile',
  );

  await app.database.db.updateTable('subscriptions').set({ ends_at: at }).where('id', '=', subscription.id).execute();
  await call('/api/proxy', { as: 'donny', method: 'PATCH', body: {} });
  assert.equal((await call('/app/acme/', { as: 'xia' })).status, 402);
});

test('HEAD counts as GET', async () => {
  await rules([{ path: '/app/{profile}/', allow: 3 }]);
  assert.equal((await call('/app/acme/', { as: 'carol', method: 'HEAD' })).status, 200);
  assert.equal((await call('/app/acme/', { as: 'carol', method: 'POST', body: 'x' })).status, 403);
  assert.equal((await call('/app/acme/', { as: 'kenneth', method: 'HEAD' })).status, 403);
});

test('names in a path and in a rule are compared without case', async () => {
  await rules([
    { path: '/app/{profile}/', allow: 3 },
    { path: '/board/', allow: '4/{"profile": "ACME", "roledescription": "Contributor"}' },
    { path: '/plan/{profile}/', allow: '15/{"plan": "Premium"}' },
  ]);
  for (const path of ['/app/ACME/', '/app/Acme/', '/board/'])
    assert.equal((await call(path, { as: 'carol' })).status, 200, path);
  const refused = await call('/plan/ACME/', { as: 'kenneth' });
  assert.notEqual(refused.json().code, 'plan_unknown');
  assert.notEqual(refused.json().code, 'profile_unknown');
});
