import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { User } from '#accounts';
import { inTransaction } from '#platform/db/database';
import { hashPassword } from '#platform/security/password';
import { findSite } from '#platform/site';
import { findProfileBySlug } from '#profiles';
import { openOrExtend } from '#subscriptions';
import { requirePageBudget, withoutCounts } from '../../../test/support/page-statements.ts';
import type { browserClient } from '../../../test/support/client.ts';
import { signInBrowser } from '../../../test/support/client.ts';
import { testContext } from '../../../test/support/context.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { makeMember, makeOrganization, makeReadyUser } from '../../../test/support/factories/profiles.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';
import { tokenOf } from '../../../test/support/sign-in.ts';
import { operators } from '../rules/index.ts';
import { insertRule } from '../rules/rule-store.ts';

const page = '/proxy/rules/';
const password = 'correct-horse-battery';
type Browser = ReturnType<typeof browserClient>;

let app: TestApp;
let manager: Browser;
const users = new Map<string, User>();

before(async () => {
  app = await startApp();
  const broker = await findProfileBySlug(app.db, 'cowork');
  assert.ok(broker);
  const password_hash = await hashPassword(password);
  for (const username of ['donny', 'alice', 'xia', 'eve', 'seller'])
    users.set(username, await makeReadyUser(app.db, { username, password_hash, full_name: `${username} Tester` }));
  const user = (name: string): User => users.get(name)!; // made above
  await makeMember(app.db, broker, user('donny'), 'manager');
  await makeMember(app.db, broker, user('alice'), 'contributor');
  const acme = await makeOrganization(app.db, { slug: 'acme', manager: user('xia') });
  const prov = await makeOrganization(app.db, { slug: 'prov', manager: user('seller'), is_provider: true });
  const ctx = await testContext(app.db);
  const plan = await makePlan(ctx, { provider_id: prov.id, slug: 'premium', title: 'Premium' });
  await inTransaction(app.db, (tx) =>
    openOrExtend(tx, { profile_id: acme.id, plan, periods_count: 1, at: app.clock.now() }),
  );
  manager = await signIn('donny');
});
after(() => app.close());

beforeEach(async () => {
  await app.db.deleteFrom('undo_entries').execute();
  await setRules([
    ['/reports/', 15, { plan: 'premium' }],
    ['/app/{profile}/', 5],
    ['/', 0],
  ]);
});

async function setRules(rules: readonly (readonly [path: string, op: number, params?: Record<string, string>])[]) {
  const site = await findSite(app.db);
  assert.ok(site);
  await app.db.deleteFrom('access_rules').execute();
  await inTransaction(app.db, async (tx) => {
    for (const [index, [path, op, params]] of rules.entries()) {
      const allow = { op, params: params ?? null };
      await insertRule(tx, site.id, { rank: index + 1, path, allow, is_forward: true, engaged: '' });
    }
    // As each verb does: what was computed from the rules is computed again.
    await tx
      .updateTable('sites')
      .set((eb) => ({ version: eb('version', '+', 1) }))
      .execute();
  });
}

const signIn = (username: string) => signInBrowser(app, username, password);

const readRules = () =>
  app.db
    .selectFrom('access_rules')
    .select(['id', 'rank', 'path', 'op', 'params', 'is_forward', 'engaged'])
    .orderBy('rank')
    .execute();
const pathsInOrder = async () => (await readRules()).map(({ path }) => path);
const idOf = async (path: string) => String((await readRules()).find((rule) => rule.path === path)?.id);
const versionIn = (html: string) => /name="edit_version" value="([^"]*)"/.exec(html)?.[1] ?? '';

test('the list shows what each rule means, in the order of decisions', async () => {
  const { status, text } = await manager.get(page);
  assert.equal(status, 200);
  assert.match(text, /Subscribers of Premium/);
  assert.match(text, /Others go to the cart with Premium in it/);
  assert.match(text, /Managers of the profile in the path/);
  assert.match(text, /Everybody/);
  assert.ok(text.indexOf('/reports/') < text.indexOf('/app/{profile}/'));
});

test('a manager adds a rule; a refusal names the field and keeps the input', async () => {
  const url = '/proxy/rules/new/';
  await manager.get(url);
  const refused = await manager.post(url, { path: '/a b/', op: '1', treatment: 'local', engaged: 'docs', rank: '2' });
  assert.equal(refused.status, 400);
  assert.match(refused.text, /Letters, digits/);
  assert.match(refused.text, /value="docs"/);
  const added = await manager.post(url, {
    path: '/docs/',
    op: '15',
    plan: 'premium',
    treatment: 'local',
    engaged: 'docs',
    rank: '2',
  });
  assert.equal(added.status, 303, added.text.slice(0, 500));
  assert.deepEqual(await pathsInOrder(), ['/reports/', '/docs/', '/app/{profile}/', '/']);
  const rule = (await readRules()).find(({ path }) => path === '/docs/');
  assert.equal(rule?.op, 15);
  assert.deepEqual(rule?.params, { profile: null, plan: 'premium', brokers: null });
  assert.equal(rule?.is_forward, false);
  assert.equal(
    (await manager.post(url, { path: '/docs/', op: '1', treatment: 'local' })).status,
    400,
    'the path is taken',
  );
});

test('a manager edits a rule, also its path; what the form does not show stays', async () => {
  await setRules([
    ['/a/', 3, { profile: 'acme', roledescription: 'contributor', brokers: 'prov' }],
    ['/', 0],
  ]);
  const url = `/proxy/rules/${await idOf('/a/')}/`;
  const { text } = await manager.get(url);
  assert.match(text, /value="acme"/);
  const body = {
    path: '/b/',
    op: '3',
    role: 'manager',
    profile: 'acme',
    treatment: 'local',
    engaged: 'b',
    edit_version: versionIn(text),
  };
  const saved = await manager.post(url, body);
  assert.equal(saved.status, 303, saved.text.slice(0, 500));
  const [rule] = await readRules();
  assert.equal(rule?.path, '/b/');
  assert.deepEqual(rule?.params, { profile: 'acme', roledescription: 'manager', brokers: 'prov' });
  assert.equal((await manager.post(url, { ...body, path: '/' })).status, 409, 'the version is of the former rule');
});

test('the second of two editors of a rule sees what changed, and nothing is saved', async () => {
  const url = `/proxy/rules/${await idOf('/reports/')}/`;
  const version = versionIn((await manager.get(url)).text);
  const body = { path: '/reports/', op: '15', plan: 'premium', treatment: 'forward', edit_version: version };
  assert.equal((await manager.post(url, { ...body, engaged: 'first' })).status, 303);
  const second = await manager.post(url, { ...body, engaged: 'second' });
  assert.equal(second.status, 409);
  assert.match(second.text, /changed this while you edited it/);
  assert.equal((await readRules())[0]?.engaged, 'first');
});

test('a rule moves up and down by a button that keeps the focus, and to a position', async () => {
  const { text } = await manager.get(page);
  const moved = await manager.post(page, { rule: await idOf('/'), to: 'up', edit_version: versionIn(text) });
  assert.equal(moved.status, 303, moved.text.slice(0, 500));
  assert.deepEqual(await pathsInOrder(), ['/reports/', '/', '/app/{profile}/']);
  const location = String(moved.headers['location']);
  const shown = await manager.get(location);
  assert.match(shown.text, /aria-label="Move \/ up" autofocus/);
  assert.match(shown.text, /is now rule 2 of 3/);
  const placed = await manager.post(page, {
    rule: await idOf('/reports/'),
    to: '3',
    edit_version: versionIn(shown.text),
  });
  assert.equal(placed.status, 303);
  assert.deepEqual(await pathsInOrder(), ['/', '/app/{profile}/', '/reports/']);
  assert.equal((await manager.post(page, { rule: '1', to: 'sideways' })).status, 400);
});

test('a move in an order that another manager changed is refused, and the present order is shown', async () => {
  const version = versionIn((await manager.get(page)).text);
  const id = await idOf('/');
  assert.equal((await manager.post(page, { rule: id, to: 'up', edit_version: version })).status, 303);
  const second = await manager.post(page, { rule: id, to: 'up', edit_version: version });
  assert.equal(second.status, 409);
  assert.match(second.text, /Nothing was moved/);
  assert.deepEqual(await pathsInOrder(), ['/reports/', '/', '/app/{profile}/']);
});

test('a deleted rule can be restored for 60 seconds at its place, unless its path is taken', async () => {
  const url = `/proxy/rules/${await idOf('/app/{profile}/')}/delete/`;
  assert.match((await manager.get(url)).text, /Managers of the profile in the path/);
  const deleted = await manager.post(url, {});
  assert.equal(deleted.status, 303);
  assert.deepEqual(await pathsInOrder(), ['/reports/', '/']);
  const undo = /action="(\/undo\/[^"]+)"/.exec((await manager.get(page)).text)?.[1] ?? '';
  assert.notEqual(undo, '');
  assert.equal((await manager.post(undo, {})).status, 303);
  assert.deepEqual(await pathsInOrder(), ['/reports/', '/app/{profile}/', '/']);

  const again = `/proxy/rules/${await idOf('/reports/')}/delete/`;
  await manager.get(again);
  await manager.post(again, {});
  const second = /action="(\/undo\/[^"]+)"/.exec((await manager.get(page)).text)?.[1] ?? '';
  await manager.post('/proxy/rules/new/', { path: '/reports/', op: '0', treatment: 'local', rank: '1' });
  await manager.post(second, {});
  assert.deepEqual(await pathsInOrder(), ['/reports/', '/app/{profile}/', '/']);
  assert.equal((await readRules())[0]?.op, 0, 'the newer rule stays');
});

const tryUrl = (path: string, as: string, user = '', method = 'GET') =>
  `${page}?${new URLSearchParams({ path, as, user, method }).toString()}`;
const verdictIn = (html: string) => /role="status">\s*<p class="mb-2">.*?<\/svg>([^<]+)</s.exec(html)?.[1] ?? null;

test('a try says which rule decides, why, and where the person goes', async () => {
  const { text } = await manager.get(tryUrl('/reports/2026/q3', 'user', 'eve'));
  assert.equal(verdictIn(text), 'Not let in');
  assert.match(text, /Rule 1, <code class="text-break">\/reports\/<\/code>, decides/);
  assert.match(text, /\/billing\/cart\/\?plan=premium/);
  assert.match(text, /No subscription to Premium/);
  assert.match(text, /Rules 2 to 3 are not asked/);
  assert.equal(verdictIn((await manager.get(tryUrl('/reports/', 'user', 'xia'))).text), 'Let in');
  assert.equal(verdictIn((await manager.get(tryUrl('/pricing/', 'visitor'))).text), 'Page of this site');
});

test('a try asks for a person that exists, and offers those found for a part of a name', async () => {
  assert.match((await manager.get(tryUrl('/', 'user', ''))).text, /Write a user name/);
  assert.match((await manager.get(tryUrl('/', 'user', 'missing-name'))).text, /No account has this name/);
  const part = await manager.get(tryUrl('/', 'user', 'xia Test'));
  assert.match(part.text, /name="user_choice" value="xia"/);
  const chosen = await manager.get(`${tryUrl('/', 'user', 'xia Test')}&user_choice=xia`);
  assert.equal(verdictIn(chosen.text), 'Let in');
});

test('a try decides as the gateway for each operator, person and method', async () => {
  // The second is the path of the rule for servers that ignore case: both rules must let in.
  const places = ['/t/acme/xia', '/T/acme/xia'];
  const people = ['alice', 'xia', 'seller'] as const;
  const tokens = new Map<string, string>();
  for (const name of people) tokens.set(name, await tokenOf(app, users.get(name)!)); // made in `before`
  const faults: string[] = [];
  for (const op of operators.keys()) {
    await setRules([
      ['/t/{profile}/{user}/', op],
      ['/', 1],
    ]);
    for (const url of places) {
      for (const method of ['GET', 'POST'] as const) {
        for (const name of [null, ...people]) {
          const token = name === null ? undefined : tokens.get(name);
          const reply = await app.http.inject({
            method,
            url,
            headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
          });
          const served = reply.statusCode === 503; // granted: there is no application to forward to
          const tried = await manager.get(tryUrl(url, name === null ? 'visitor' : 'user', name ?? '', method));
          if ((verdictIn(tried.text) === 'Let in') !== served)
            faults.push(`${op} ${method} ${url} as ${name}: ${reply.statusCode}, but ${verdictIn(tried.text)}`);
        }
      }
    }
  }
  assert.deepEqual(faults, []);
});

test('a signed-in user without profile passes rules for signed-in users only', async () => {
  await setRules([
    ['/in/', 1],
    ['/sub/', 15],
    ['/role/', 4],
    ['/terms/', 2],
    ['/', 0],
  ]);
  const verdict = async (path: string) => verdictIn((await manager.get(tryUrl(path, 'newcomer'))).text);
  assert.equal(await verdict('/in/'), 'Let in');
  assert.equal(await verdict('/'), 'Let in');
  for (const path of ['/sub/', '/role/', '/terms/']) assert.equal(await verdict(path), 'Not let in');
});

test('a try counts no visit', async () => {
  await app.db.updateTable('access_rules').set({ engaged: 'reports' }).where('path', '=', '/reports/').execute();
  await setRules([['/', 1]]);
  await app.db.updateTable('access_rules').set({ engaged: 'all' }).execute();
  await app.db
    .updateTable('sites')
    .set((eb) => ({ version: eb('version', '+', 1) }))
    .execute();
  assert.equal(verdictIn((await manager.get(tryUrl('/x', 'user', 'xia'))).text), 'Let in');
  assert.deepEqual(await app.db.selectFrom('engagements').selectAll().execute(), []);
});

test('contributors of the broker look and try nothing; others are refused', async () => {
  const alice = await signIn('alice');
  const shown = await alice.get(tryUrl('/reports/', 'user', 'xia'));
  assert.equal(shown.status, 200);
  assert.equal(verdictIn(shown.text), null);
  assert.doesNotMatch(shown.text, /data-move|Add a rule/);
  const id = await idOf('/reports/');
  for (const url of [page, '/proxy/rules/new/', `/proxy/rules/${id}/`, `/proxy/rules/${id}/delete/`])
    assert.equal(
      (await alice.post(url, { rule: id, to: 'down', path: '/z/', op: '0', treatment: 'local' })).status,
      403,
      url,
    );
  assert.deepEqual(await pathsInOrder(), ['/reports/', '/app/{profile}/', '/']);
  const seller = await signIn('seller');
  for (const url of [page, tryUrl('/', 'visitor'), '/proxy/rules/new/', `/proxy/rules/${id}/`])
    assert.equal((await seller.get(url)).status, 403, url);
});

test('the list and a try stay within the budget of statements', { skip: withoutCounts }, async () => {
  await requirePageBudget(
    (url) => manager.get(url),
    [page, tryUrl('/reports/', 'user', 'xia'), `/proxy/rules/${await idOf('/')}/`],
  );
});

test('a rule that is gone is not found', async () => {
  assert.equal((await manager.get('/proxy/rules/999999/')).status, 404);
  assert.equal((await manager.get('/proxy/rules/nonsense/')).status, 404);
});
