import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { inTransaction } from '#platform/db/database';
import type { RouteEntry } from '#platform/http/route-list';
import { findProfileBySlug } from '#profiles';
import { openOrExtend } from '#subscriptions';
import { apiClient } from '../support/client.ts';
import { testContext } from '../support/context.ts';
import { testPassword } from '../support/factories/accounts.ts';
import { makePlan } from '../support/factories/catalog.ts';
import { makeMember, makeOrganization, makeReadyUser } from '../support/factories/profiles.ts';
import { tokenOf } from '../support/sign-in.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

/**
 * Callers who had access and lost it, in the same process that admitted them: a manager whose role was removed, one who
 * archived the account, and one whose profile was archived.
 */
let app: TestApp;
type Name = 'removed' | 'archived' | 'orphan';
const calls = {} as Record<Name | 'gina', ReturnType<typeof apiClient>>;

before(async () => {
  app = await startApp();
  const { db } = app;
  const ctx = await testContext(db);
  const person = async (username: Name | 'gina') => {
    const user = await makeReadyUser(db, { username });
    calls[username] = apiClient(app, await tokenOf(app, user));
    return user;
  };
  const [gina, removed, archived, orphan] = [
    await person('gina'),
    await person('removed'),
    await person('archived'),
    await person('orphan'),
  ];
  const boss = await makeReadyUser(db, { username: 'boss' });
  const broker = await findProfileBySlug(db, 'cowork');
  const prov = await makeOrganization(db, { slug: 'prov', manager: gina, is_provider: true });
  const acme = await makeOrganization(db, { slug: 'acme', manager: boss });
  assert.ok(broker);
  for (const profile of [prov, broker])
    for (const user of [removed, archived]) await makeMember(db, profile, user, 'manager');
  await makeMember(db, broker, gina, 'manager');
  await makeOrganization(db, { slug: 'gone', manager: orphan, is_provider: true });
  const plan = await makePlan(ctx, { provider_id: prov.id, slug: 'basic' });
  await inTransaction(db, (tx) =>
    openOrExtend(tx, { profile_id: acme.id, plan, periods_count: 1, at: app.clock.now() }),
  );
});
after(() => app.close());

/** Routes of profiles and of the broker; the path names a profile of which the caller was a manager. */
function pathsOf(own: string): { method: string; url: string }[] {
  const guarded = (route: RouteEntry) =>
    ['direct', 'provider', 'provider-only', 'broker'].includes(route.access.kind) &&
    !route.bare &&
    !route.passthrough &&
    route.method !== 'OPTIONS';
  return app.http.routeList.filter(guarded).map((route) => {
    const profile = route.access.kind === 'direct' ? own : 'acme';
    const param = 'param' in route.access ? (route.access.param ?? 'profile') : 'profile';
    const named: Record<string, string> = {
      profile,
      [param]: profile,
      plan: 'basic',
      subscriber: 'acme',
      role: 'manager',
    };
    const url = route.url.replaceAll(/:([A-Za-z_]+)(\([^)]*\))?/g, (_all, name: string) => named[name] ?? '1');
    return { method: route.method, url: url.replace('*', '1') };
  });
}

/** Sends a request that ends at its guard: a body that is not JSON is read after it. */
async function statusOf(call: ReturnType<typeof apiClient>, { method, url }: { method: string; url: string }) {
  const is_read = method === 'GET' || method === 'HEAD';
  const sent = is_read ? undefined : '{"stop here';
  const reply = await call(method as 'GET', url, sent, is_read ? {} : { 'content-type': 'application/json' });
  return reply.status;
}

const first = '/api/profile/prov/subscribers/dunning';

test('before, each of them is admitted', async () => {
  for (const name of ['removed', 'archived'] as const)
    for (const url of [
      first,
      '/api/jobs/parked',
      '/api/jobs/messages',
      '/api/billing/acme/credits',
      '/api/profile/prov/notes/acme',
    ])
      assert.equal((await calls[name]('GET', url)).status, 200, `${name} ${url}`);
  assert.equal((await calls.orphan('GET', '/api/profile/gone/subscribers/dunning')).status, 200);
});

test('afterwards, no route of a profile or of the broker admits one of them', async () => {
  for (const profile of ['prov', 'cowork']) {
    const reply = await calls.gina('DELETE', `/api/profile/${profile}/roles/manager/removed`);
    assert.equal(reply.status, 204, reply.text);
  }
  const left = await calls.archived('DELETE', '/api/users/archived', { password: testPassword });
  assert.ok(left.status < 300, left.text);
  const closed = await calls.orphan('DELETE', '/api/profile/gone');
  assert.ok(closed.status < 300, closed.text);
  const wrong: string[] = [];
  for (const [name, own] of [
    ['removed', 'prov'],
    ['archived', 'prov'],
    ['orphan', 'gone'],
  ] as const) {
    const paths = pathsOf(own);
    assert.ok(paths.length > 150, String(paths.length));
    for (const path of paths) {
      const status = await statusOf(calls[name], path);
      if (![401, 403, 404].includes(status)) wrong.push(`${name}: ${path.method} ${path.url} ${status}`);
    }
  }
  assert.deepEqual(wrong, []);
});
