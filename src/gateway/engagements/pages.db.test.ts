import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { inTransaction } from '#platform/db/database';
import { findProfileBySlug } from '#profiles';
import { requirePageBudget, withoutCounts } from '../../../test/support/page-statements.ts';
import { makeMember, makeReadyUser } from '../../../test/support/factories/profiles.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';
import { tokenOf } from '../../../test/support/sign-in.ts';
import { upsertVisits } from './engagement-store.ts';

const page = '/proxy/engagement/';
let app: TestApp;
const tokens = new Map<string, string>();

before(async () => {
  app = await startApp();
  const broker = await findProfileBySlug(app.db, 'cowork');
  assert.ok(broker);
  const day = (text: string) => new Date(`2026-03-0${text}T12:00:00Z`);
  for (const username of ['donny', 'alice', 'xia', 'ken']) {
    const user = await makeReadyUser(app.db, { username, full_name: `${username} Tester` });
    tokens.set(username, await tokenOf(app, user));
    if (username === 'donny') await makeMember(app.db, broker, user, 'manager');
    if (username === 'alice') await makeMember(app.db, broker, user, 'contributor');
    const visit = (tag: string, at: Date) =>
      inTransaction(app.db, (tx) => upsertVisits(tx, [{ user_id: user.id, tag, at }]));
    if (username === 'xia') {
      await visit('app', day('1'));
      await visit('app', day('4'));
      await visit('=reports', day('2'));
    }
    if (username === 'ken') await visit('app', day('3'));
  }
});
after(() => app.close());

const get = async (url: string, as = 'donny') => {
  const headers = { accept: 'text/html', authorization: `Bearer ${tokens.get(as)}` };
  const { statusCode, body } = await app.http.inject({ url, headers });
  return { status: statusCode, text: body };
};

test('the page shows the users of each tag, and the first visit of each user under it', async () => {
  const { status, text } = await get(page);
  assert.equal(status, 200);
  assert.match(text, /app<\/th>[\s\S]*?<td class="tg-num">2<\/td>/);
  assert.ok(text.indexOf('xia Tester') < text.indexOf('ken Tester'), 'the most recent visit first');
  assert.match(text, /data-label="app">\s*<time datetime="2026-03-01T12:00:00.000Z"/);
});

test('the list is searched by name, user name and tag', async () => {
  const found = await get(`${page}?q=reports`);
  assert.match(found.text, /xia Tester/);
  assert.doesNotMatch(found.text, /ken Tester/);
  assert.doesNotMatch((await get(`${page}?q=ken`)).text, /xia Tester/);
  assert.match((await get(`${page}?q=zzz`)).text, /No user matches/);
});

test('the download has one column for each tag, with the day of the first visit, and no formula', async () => {
  const { status, text } = await get('/proxy/engagement/download/');
  assert.equal(status, 200);
  assert.deepEqual(text.trim().split(/\r?\n/), [
    "username,'=reports,app",
    'xia,2026-03-02,2026-03-01',
    'ken,,2026-03-03',
  ]);
  assert.doesNotMatch((await get('/proxy/engagement/download/?q=ken')).text, /xia/);
});

test('the API lists the same users with their tags', async () => {
  const headers = { authorization: `Bearer ${tokens.get('donny')}` };
  const { body } = await app.http.inject({ url: '/api/proxy/engagement/users', headers });
  assert.deepEqual((JSON.parse(body) as { results: unknown }).results, [
    { username: 'xia', engagements: ['=reports', 'app'] },
    { username: 'ken', engagements: ['app'] },
  ]);
});

test('contributors of the broker see the page, others do not', async () => {
  for (const url of [page, '/proxy/engagement/download/']) {
    assert.equal((await get(url, 'alice')).status, 200, url);
    assert.equal((await get(url, 'xia')).status, 403, url);
  }
});

test('the page stays within the budget of statements', { skip: withoutCounts }, async () => {
  await requirePageBudget((url) => get(url), [page]);
});
