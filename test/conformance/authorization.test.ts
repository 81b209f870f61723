import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fastify from 'fastify';
import type { User } from '#accounts';
import type { Access } from '#platform/http/guards/access';
import { inTransaction } from '#platform/db/database';
import { type RouteEntry, watchRoutes } from '#platform/http/route-list';
import { findProfileBySlug, insertRoleType } from '#profiles';
import { openOrExtend } from '#subscriptions';
import { testContext } from '../support/context.ts';
import { makePlan } from '../support/factories/catalog.ts';
import { makeMember, makeOrganization, makeReadyUser } from '../support/factories/profiles.ts';
import { startApp, type TestApp } from '../support/start-app.ts';
import { tokenOf } from '../support/sign-in.ts';

/**
 * Every route × every kind of caller.
 *
 * `acme` is the profile and `xia` the user of each path. xia has a role on acme that the guards ignore, which also
 * tests the access of other members of acme to xia. acme subscribes to a plan of `prov`.
 */
const actors = [
  'anonymous',
  'unrelated',
  'self',
  'contributor',
  'manager',
  'provider_contributor',
  'provider_manager',
  'broker_contributor',
  'broker_manager',
] as const;
type ActorName = (typeof actors)[number];

type Rights = 'none' | 'read' | 'write';
const { none, read, write }: { none: Rights; read: Rights; write: Rights } = {
  none: 'none',
  read: 'read',
  write: 'write',
};

/** The expected decisions, independent of the code that decides. */
// oxfmt-ignore
const expected: Record<Access['kind'], Record<ActorName, Rights>> = {
  //                                       anonymous  unrelated self   contributor  manager  prov. contr.  prov. man.  broker contr.  broker man.
  'public':        row(                    write,     write,    write, write,       write,   write,        write,      write,         write),
  'authenticated': row(                    none,      write,    write, write,       write,   write,        write,      write,         write),
  'active':        row(                    none,      write,    write, write,       write,   write,        write,      write,         write),
  'broker':        row(                    none,      none,     none,  none,        none,    none,         none,       read,          write),
  'direct':        row(                    none,      none,     none,  read,        write,   none,         none,       read,          write),
  'provider':      row(                    none,      none,     none,  read,        write,   read,         write,      read,          write),
  'provider-only': row(                    none,      none,     none,  none,        none,    read,         write,      read,          write),
  'self':          row(                    none,      none,     write, none,        none,    none,         none,       read,          write),
  'self-only':     row(                    none,      none,     write, none,        none,    none,         none,       none,          none),
};

function row(...rights: Rights[]): Record<ActorName, Rights> {
  assert.equal(rights.length, actors.length);
  return Object.fromEntries(actors.map((actor, index) => [actor, rights[index] ?? none])) as Record<ActorName, Rights>; // every actor is in it
}

/** Codes that only guards return; any other code means that the guards admitted the call. */
const denials = new Set([
  'credentials_required',
  'permission_denied',
  'password_required',
  'otp_required',
  'terms_unsigned',
]);

let app: TestApp;
let tokens: Record<ActorName, string | null>;

before(async () => {
  app = await startApp();
  const { db } = app;
  const ctx = await testContext(db);
  const broker = await findProfileBySlug(db, 'cowork');
  assert.ok(broker);
  const user = (username: string) => makeReadyUser(db, { username });
  const manager = await user('manager');
  const acme = await makeOrganization(db, { slug: 'acme', manager });
  const provider_manager = await user('provider-manager');
  const prov = await makeOrganization(db, { slug: 'prov', manager: provider_manager, is_provider: true });
  const members = { contributor: acme, provider_contributor: prov, broker_contributor: broker } as const;
  const users: Partial<Record<ActorName, User>> = {
    manager,
    provider_manager,
    unrelated: await user('unrelated'),
    self: await user('xia'),
  };
  for (const [name, profile] of Object.entries(members)) {
    users[name as keyof typeof members] = await user(name.replace('_', '-'));
    await makeMember(db, profile, users[name as keyof typeof members]!, 'contributor'); // it was set a line above
  }
  users.broker_manager = await user('broker-manager');
  await makeMember(db, broker, users.broker_manager, 'manager');
  await inTransaction(db, (tx) =>
    insertRoleType(tx, { slug: 'guest', profile_id: acme.id, title: 'Guest' }, app.clock.now()),
  );
  assert.ok(users.self);
  await makeMember(db, acme, users.self, 'guest');
  const plan = await makePlan(ctx, { provider_id: prov.id, slug: 'basic' });
  await inTransaction(db, (tx) =>
    openOrExtend(tx, { profile_id: acme.id, plan, periods_count: 1, at: app.clock.now() }),
  );

  const entries = await Promise.all(
    actors.map(async (name) => [name, users[name] ? await tokenOf(app, users[name]) : null] as const),
  );
  tokens = Object.fromEntries(entries) as Record<ActorName, string | null>; // one entry for each actor
});
after(() => app.close());

function guarded(): RouteEntry[] {
  return app.http.routeList.filter((route) => !route.bare && !route.passthrough && route.method !== 'OPTIONS');
}

const values: Record<string, string> = {
  profile: 'acme',
  user: 'xia',
  agreement: 'terms-of-use',
  document: 'terms-of-use',
  role: 'manager',
  plan: 'basic',
  account: 'acme',
};

function urlOf(route: RouteEntry): string {
  const named: Record<string, string> = { ...values, subscriber: 'xia' };
  const subject = subjectParam(route.access);
  if (subject) named[subject.name] = subject.value;
  return route.url
    .replaceAll(/:([A-Za-z_]+)(\([^)]*\))?/g, (_whole, name: string) => named[name] ?? 'x')
    .replace('*', 'x');
}

/** The parameter of the path whose profile or user the guard loads. */
function subjectParam(access: Access): { name: string; value: string } | null {
  switch (access.kind) {
    case 'direct':
    case 'provider':
    case 'provider-only':
      return { name: access.param ?? 'profile', value: 'acme' };
    case 'self':
    case 'self-only':
      return { name: access.param ?? 'user', value: 'xia' };
    default:
      return null;
  }
}

/**
 * Calls a route up to its guard. A read runs completely; a write ends at a body that is not JSON, which is parsed after
 * the guard and before the handler.
 */
async function call(
  method: string,
  url: string,
  token: string | null,
): Promise<{ status: number; code: string | null }> {
  const isRead = method === 'GET' || method === 'HEAD';
  const reply = await app.http.inject({
    method: method as 'GET', // the union of methods that inject knows is as wide as the routes'
    url,
    headers: {
      accept: 'application/json',
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(isRead ? {} : { 'content-type': 'application/json' }),
    },
    ...(isRead ? {} : { payload: '{"stop here' }),
  });
  const body: unknown =
    reply.headers['content-type']?.toString().startsWith('application/json') && method !== 'HEAD' ? reply.json() : null;
  const code: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'code') : null;
  return { status: reply.statusCode, code: typeof code === 'string' ? code : null };
}

test('every route declares a kind of access that this test covers', () => {
  for (const route of app.http.routeList) {
    assert.ok(
      Object.hasOwn(expected, route.access.kind),
      `${route.method} ${route.url}: unknown kind ${route.access.kind}`,
    );
    const subject = subjectParam(route.access);
    if (subject)
      assert.ok(route.url.includes(`:${subject.name}`), `${route.method} ${route.url} names no :${subject.name}`);
  }
});

/**
 * Public routes, and routes for every signed-in user. The test below trusts the declaration of each route, so it would
 * accept a route that is public by mistake. A new public route is added here explicitly.
 */
const open_to_all = words(`
  GET /api  GET /api/openapi.json  GET /docs/api/  GET /docs/api/:tag/
  POST /api/auth  POST /api/auth/register  POST /api/auth/recover  POST /api/auth/reset/:verification_key
  GET /api/auth/activate/:verification_key  POST /api/auth/activate/:verification_key
  GET /api/billing/payments/:claim_code  POST /api/billing/payments/:claim_code  GET /billing/payments/:claim_code/  POST /billing/payments/:claim_code/
  GET /billing/finish/:key(^[0-9a-f]{40}$)/  POST /billing/finish/:key(^[0-9a-f]{40}$)/
  GET /login/  POST /login/  GET /login/:verification_key/  POST /login/:verification_key/  GET /users/stop/:verification_key/  POST /users/stop/:verification_key/  GET /logout/  POST /logout/
  GET /recover/  POST /recover/  GET /register/  POST /register/
  GET /api/legal  GET /api/legal/:agreement  GET /legal/  GET /legal/:agreement/  GET /pictures/:key
  GET /api/proxy/session/profiles  POST /api/contact  GET /contact/  POST /contact/  POST /colours/  GET /api/pricing  GET /pricing/
  POST /api/cart  DELETE /api/cart  POST /api/cart/redeem  DELETE /api/cart/redeem  POST /api/cart/:plan/upload
  POST /billing/cart/  GET /redeem/  POST /redeem/`);
const open_in_development = words(`
  GET /_dev/mail  GET /_dev/clock  POST /_dev/clock  DELETE /_dev/clock  GET /_dev/clock/move/  POST /_dev/clock/move/  POST /_dev/clock/cancel/  GET /_dev/gallery/  GET /_dev/gallery/:name/:state/  GET /_dev/processor  POST /_dev/processor/charges/:key
  POST /_dev/processor/charges/:key/refund  POST /_dev/processor/payouts/:key`);
const open_to_signed_in = words(`
  POST /api/auth/logout  DELETE /api/auth/tokens  POST /api/auth/tokens  POST /api/auth/tokens/verify
  GET /api/billing/charges/:charge  POST /api/billing/charges/:charge/email  POST /api/billing/charges/:charge/refund
  GET /api/accounts  GET /api/accounts/profiles  GET /api/accounts/users  GET /api/accounts/profiles/:profile
  POST /api/accounts/profiles  POST /api/legal/:agreement/sign  GET /legal/:agreement/sign/  POST /legal/:agreement/sign/
  GET /billing/cart/finish/  POST /billing/cart/finish/  GET /users/  GET /users/verify/  POST /users/verify/  GET /users/roles/  GET /users/roles/accept/  GET /users/roles/accept/:key/  POST /users/roles/accept/:key/
  GET /profile/:profile/subscriptions/accept/:key/  POST /profile/:profile/subscriptions/accept/:key/
  POST /undo/:key/  GET /profile/  POST /profile/  GET /profile/:profile/  GET /billing/  POST /billing/  GET /billing/cart/`);

function words(list: string): string[] {
  return list
    .trim()
    .split(/\s{2,}/)
    .toSorted(); // between a method and its path stands one space
}

function routesOf(http: TestApp['http'], kinds: readonly Access['kind'][]): string[] {
  return http.routeList
    .filter((route) => kinds.includes(route.access.kind) && !route.bare && !route.passthrough)
    .map((route) => `${route.method} ${route.url}`)
    .toSorted();
}

test('only the listed routes are public or open to every signed-in user', () => {
  assert.deepEqual(routesOf(app.http, ['public']), [...open_to_all, ...open_in_development].toSorted());
  assert.deepEqual(routesOf(app.http, ['authenticated', 'active']), open_to_signed_in);
});

test('the routes of development do not exist in production', async () => {
  const production = await startApp({ config: { mode: 'production' } });
  try {
    assert.deepEqual(routesOf(production.http, ['public']), open_to_all);
    assert.ok(!production.http.routeList.some((route) => route.url.startsWith('/_dev')));
  } finally {
    await production.close();
  }
});

test('a route that skips the guards declares public access', () => {
  for (const route of app.http.routeList)
    if (route.bare || route.passthrough) assert.equal(route.access.kind, 'public', `${route.method} ${route.url}`);
});

test('a guard loads the first profile or user of the path; the rest of the path belongs to it', () => {
  for (const route of guarded()) {
    const subject = subjectParam(route.access);
    const [, first] = /:([A-Za-z_]+)/.exec(route.url) ?? [];
    if (subject) assert.equal(first, subject.name, `${route.method} ${route.url}`);
  }
});

test('only the owner changes credentials; the broker can only remove a password', () => {
  const keys = guarded().filter(({ url }) => /^\/(api\/)?users\/:user\/(password|otp|api-keys|ssh-keys)\b/.test(url));
  const others = keys.filter(({ access }) => access.kind !== 'self-only').map(({ method, url }) => `${method} ${url}`);
  assert.deepEqual(others, ['DELETE /api/users/:user/password']);
  assert.ok(keys.length >= 8, String(keys.length));
});

test('the program does not start with a route that declares no access', () => {
  const bare = fastify();
  watchRoutes(bare);
  assert.throws(() => bare.get('/api/forgotten', async () => ({})), /declares no access/);
});

for (const actor of actors) {
  test(`${actor}: every route admits exactly the declared callers`, async () => {
    const wrong: string[] = [];
    assert.ok(guarded().length > 200);
    assert.equal(tokens[actor] === null, actor === 'anonymous');
    for (const route of guarded()) {
      const isRead = route.method === 'GET';
      const rights = expected[route.access.kind][actor];
      const manages = 'manages' in route.access && route.access.manages;
      const mayPass = rights === 'write' || (rights === 'read' && isRead && !manages);
      const { status, code } = await call(route.method, urlOf(route), tokens[actor]);
      const wasDenied = code !== null && denials.has(code);
      const asExpected = mayPass
        ? !wasDenied && status < 500 && code !== 'credentials_invalid'
        : wasDenied && status === (actor === 'anonymous' ? 401 : 403);
      if (!asExpected)
        wrong.push(
          `${route.method} ${route.url} (${route.access.kind}): ${status} ${code}, expected ${mayPass ? 'to pass' : 'a refusal'}`,
        );
    }
    assert.deepEqual(wrong, []);
  });
}

test('HEAD admits the same callers as GET', async () => {
  for (const route of guarded()) {
    if (route.method !== 'GET' || expected[route.access.kind].unrelated !== none) continue;
    assert.equal((await call('HEAD', urlOf(route), tokens.unrelated)).status, 403, route.url);
    assert.equal((await call('HEAD', urlOf(route), null)).status, 401, route.url);
  }
});

test('a contributor may send HEAD, which reads', async () => {
  for (const url of ['/api/profile/acme', '/api/profile/acme/roles', '/api/billing/acme/balance']) {
    assert.equal((await call('HEAD', url, tokens.contributor)).status, 200, url);
    assert.equal((await call('HEAD', url, tokens.unrelated)).status, 403, url);
  }
});

test('only members of the broker can distinguish an unknown profile or user from an inaccessible one', async () => {
  const profiles = guarded().filter(
    (route) => subjectParam(route.access) !== null && route.access.kind !== 'self-only',
  );
  for (const route of profiles) {
    const subject = subjectParam(route.access);
    const url = urlOf(route).replace(`/${subject?.value}`, '/nothere');
    assert.equal((await call(route.method, url, tokens.unrelated)).status, 403, `${route.method} ${url}`);
    assert.equal((await call(route.method, url, tokens.manager)).status, 403, `${route.method} ${url}`);
    assert.deepEqual(
      await call(route.method, url, tokens.broker_manager),
      { status: 404, code: 'not_found' },
      `${route.method} ${url}`,
    );
  }
});

const unready = [
  ['password_required', { password: null }],
  ['terms_unsigned', { signed: false }],
] as const;
for (const [code, sample] of unready) {
  test(`${code}: only routes that declare it admit the caller`, async () => {
    const user = await makeReadyUser(app.db, { ...sample, username: code.replace('_', '-') });
    const broker = await findProfileBySlug(app.db, 'cowork');
    assert.ok(broker);
    await makeMember(app.db, broker, user, 'manager');
    const token = await tokenOf(app, user);
    const wrong: string[] = [];
    for (const route of guarded()) {
      const { access } = route;
      const isLenient =
        ['public', 'authenticated', 'self-only'].includes(access.kind) ||
        ('frictionless' in access && Boolean(access.frictionless));
      const response = await call(route.method, urlOf(route), token);
      const isRefused = response.code === code;
      if (isRefused === isLenient)
        wrong.push(`${route.method} ${route.url} (${access.kind}): ${response.status} ${response.code}`);
    }
    assert.deepEqual(wrong, []);
  });
}
