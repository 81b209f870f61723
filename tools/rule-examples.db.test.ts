import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { operators } from '../src/gateway/rules/operators.ts';
import { inTransaction } from '../src/platform/db/database.ts';
import { createUpstreamApp } from '../examples/upstream-app/index.ts';
import { findProfileBySlug } from '#profiles';
import { openOrExtend } from '#subscriptions';
import { rotateSessionKey } from '#gateway';
import { makePlan } from '../test/support/factories/catalog.ts';
import { testContext } from '../test/support/context.ts';
import { makeMember, makeOrganization, makeReadyUser } from '../test/support/factories/profiles.ts';
import { type GatewayApp, startGatewayApp } from '../test/support/gateway-app.ts';
import { type Actor, ruleExamples } from './rule-examples.ts';

let app: GatewayApp;
const upstream = createUpstreamApp({ open_paths: ['/public'], now: () => app.clock.now() });

/** Name of the user who stands for an actor; null for the visitor. */
function nameOf(actor: Actor): string | null {
  return actor === 'visitor' ? null : actor.replaceAll('_', '-');
}

before(async () => {
  app = await startGatewayApp();
  const entry_point = await upstream.listen();
  const { db } = app.database;
  const ctx = await testContext(db);
  const broker = await findProfileBySlug(db, 'cowork');
  assert.ok(broker);
  const user = (actor: Actor, more: { signed?: boolean; password?: null } = {}) =>
    makeReadyUser(db, { username: nameOf(actor) ?? '', ...more });
  const manager = await user('manager');
  const provider_manager = await user('provider_manager');
  const acme = await makeOrganization(db, { slug: 'acme', manager });
  const prov = await makeOrganization(db, { slug: 'prov', manager: provider_manager, is_provider: true });
  await makeMember(db, acme, await user('contributor'), 'contributor');
  await makeMember(db, prov, await user('provider_contributor'), 'contributor');
  await makeMember(db, broker, await user('broker_contributor'), 'contributor');
  await makeMember(db, broker, await user('broker_manager'), 'manager');
  await user('user');
  await user('unsigned', { signed: false });
  await user('passwordless', { password: null });
  await makeReadyUser(db, { username: 'other-user' });
  const plan = await makePlan(ctx, { provider_id: prov.id, slug: 'premium' });
  await inTransaction(db, (tx) =>
    openOrExtend(tx, { profile_id: acme.id, plan, periods_count: 1, at: app.clock.now() }),
  );
  upstream.setKey(await rotateSessionKey(await app.makeContext(), app.secret));
  assert.equal((await send('broker_manager', 'PUT', '/api/proxy', { entry_point, session_backend: 2 })).status, 200);
});
after(async () => {
  await app.close();
  await upstream.close();
});

async function send(actor: Actor, method: string, path: string, body?: object, accept = 'application/json') {
  const name = nameOf(actor);
  const reply = await fetch(`${app.origin}${path.replace('{self}', name ?? '')}`, {
    method,
    redirect: 'manual',
    headers: {
      accept,
      ...(name === null ? {} : { authorization: `Bearer ${name}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await reply.text();
  return { status: reply.status, text, headers: reply.headers };
}

test('every operator has an example of its own', () => {
  assert.equal(ruleExamples.length, operators.length);
  ruleExamples.forEach(({ rule }, op) => assert.equal(Number.parseInt(rule.allow, 10), op));
});

ruleExamples.forEach(({ rule, passes, refused }, op) => {
  test(`the example of operator ${op} admits and refuses the callers that the reference names`, async () => {
    const made = await send('broker_manager', 'POST', '/api/proxy/rules', { rank: 1, ...rule });
    assert.equal(made.status, 201, made.text);
    try {
      const body = (method: string) => (method === 'POST' ? {} : undefined);
      const passed = await send(passes.actor, passes.method, passes.path, body(passes.method));
      assert.equal(passed.status, 200, passed.text);
      if (refused) {
        const reply = await send(refused.actor, refused.method, refused.path, body(refused.method));
        assert.deepEqual([reply.status, JSON.parse(reply.text).code], [refused.status, refused.code]);
        const page = await send(refused.actor, refused.method, refused.path, body(refused.method), 'text/html');
        const { location } = JSON.parse(reply.text);
        assert.equal(page.status, location === undefined ? refused.status : 302);
        if (location !== undefined) assert.ok(page.headers.get('location')?.startsWith(location));
      }
    } finally {
      await send('broker_manager', 'DELETE', `/api/proxy/rules${rule.path}`);
    }
  });
});
