import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { inTransaction } from '#platform/db/database';
import { openOrExtend } from '../terms/index.ts';
import { requirePageBudget, withoutCounts } from '../../../test/support/page-statements.ts';
import { testContext } from '../../../test/support/context.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { makeOrganization, makeReadyUser } from '../../../test/support/factories/profiles.ts';
import { tokenOf } from '../../../test/support/sign-in.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

const page = '/metrics/prov/activity/';
let app: TestApp;
const tokens = new Map<string, string>();

before(async () => {
  app = await startApp();
  const ctx = await testContext(app.db);
  const at = app.clock.now();
  for (const [seller, slug] of [
    ['ann', 'prov'],
    ['bob', 'other'],
  ] as const) {
    const manager = await makeReadyUser(app.db, { username: seller });
    tokens.set(seller, await tokenOf(app, manager));
    const provider = await makeOrganization(app.db, { slug, manager, is_provider: true });
    const plan = await makePlan(ctx, { provider_id: provider.id, slug: `${slug}-plan` });
    for (const [days, kind] of [
      [2, 'new'],
      [400, 'old'],
    ] as const) {
      const username = `${slug}-${kind}`;
      const user = await makeReadyUser(app.db, { username, full_name: `=${username}` });
      const profile = await makeOrganization(app.db, { slug: `${username}-org`, manager: user });
      const last_login_at = new Date(at.getTime() - days * 86_400_000);
      await app.db.updateTable('users').set({ last_login_at }).where('id', '=', user.id).execute();
      await inTransaction(app.db, (tx) => openOrExtend(tx, { profile_id: profile.id, plan, periods_count: 1, at }));
    }
  }
});
after(() => app.close());

const get = async (url: string, as = 'ann') => {
  const headers = { accept: 'text/html', authorization: `Bearer ${tokens.get(as)}` };
  const { statusCode, body } = await app.http.inject({ url, headers });
  return { status: statusCode, text: body };
};

test('a provider sees the people of its own subscribers who signed in within 7 days', async () => {
  const { status, text } = await get(page);
  assert.equal(status, 200);
  assert.match(text, /prov-new/);
  assert.doesNotMatch(text, /prov-old|other-new/);
});

test('a provider sees its own subscribers without a sign-in within a year', async () => {
  const { status, text } = await get(`${page}?show=unengaged`);
  assert.equal(status, 200);
  assert.match(text, /prov-old-org/);
  assert.doesNotMatch(text, /prov-new-org|other-old/);
  assert.match((await get(`${page}?show=unengaged&q=zzz`)).text, /No subscriber matches/);
});

test('the downloads have the documented columns and no formula', async () => {
  const lines = async (url: string) => (await get(url)).text.trim().split(/\r?\n/);
  const [head, first, ...more] = await lines(`${page}download/`);
  assert.equal(
    head,
    'Created at,Username,Email,Full name,Account creation date,Role description,Profile slug,Profile name,Profile creation date',
  );
  assert.match(first ?? '', /prov-new,.*'=prov-new,.*prov-new-org/);
  assert.deepEqual(more, []);
  const [head_of_others, other] = await lines(`${page}download/?show=unengaged`);
  assert.equal(head_of_others, 'Slug,Profile name,Type,Credentials,Created at');
  assert.match(other ?? '', /^prov-old-org,/);
});

test('a manager of another provider gets 403', async () => {
  for (const url of [page, `${page}?show=unengaged`, `${page}download/`])
    assert.equal((await get(url, 'bob')).status, 403, url);
});

test('the page stays within the budget of statements', { skip: withoutCounts }, async () => {
  await requirePageBudget((url) => get(url), [page, `${page}?show=unengaged`]);
});
