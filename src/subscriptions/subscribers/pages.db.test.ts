import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Plan } from '#catalog';
import { inTransaction } from '#platform/db/database';
import { signInBrowser } from '../../../test/support/client.ts';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { testPassword } from '../../../test/support/factories/accounts.ts';
import { makeOrganization, makeReadyUser } from '../../../test/support/factories/profiles.ts';
import { makePerson, subscribe } from '../../../test/support/factories/subscriptions.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';
import { createSubscription } from '../records/index.ts';

let app: TestApp;
let ctx: TestContext;
let desk: Plan;
let room: Plan;
const key = 'b'.repeat(40);
const hostile = '<b>Å=مساحة</b> & Sons';

before(async () => {
  app = await startApp();
  ctx = await testContext(app.db);
  const gina = await makeReadyUser(app.db, { username: 'gina' });
  const paul = await makeReadyUser(app.db, { username: 'paul' });
  const gym = await makeOrganization(app.db, { slug: 'gym', manager: gina, is_provider: true });
  const pool = await makeOrganization(app.db, { slug: 'pool', manager: paul, is_provider: true });
  desk = await makePlan(ctx, { provider_id: gym.id, title: 'Desk' });
  room = await makePlan(ctx, { provider_id: gym.id, title: 'Room' });
  const lane = await makePlan(ctx, { provider_id: pool.id, title: 'Swim lane' });
  const boss = await makeReadyUser(app.db, { username: 'boss' });
  const acme = await makeOrganization(app.db, { slug: 'acme', manager: boss });
  const named = { full_name: hostile, email: 'a@acme.example' };
  await app.db.updateTable('profiles').set(named).where('id', '=', acme.id).execute();
  await subscribe(ctx, acme, desk);
  await subscribe(ctx, acme, lane);
  const asks = await makePerson(app.db, 'asker');
  const gone = await makePerson(app.db, 'gone');
  const at = ctx.clock.now();
  await inTransaction(app.db, async (tx) => {
    const ends_at = new Date(at.getTime() + 30 * 86_400_000);
    await createSubscription(tx, room, { profile_id: asks.profile.id, created_at: at, ends_at, request_key: key });
    const [created_at, ended] = [new Date('2024-01-01'), new Date('2024-02-01')];
    await createSubscription(tx, room, { profile_id: gone.profile.id, created_at, ends_at: ended });
  });
});
after(() => app.close());

const signIn = (username: string) => signInBrowser(app, username, testPassword);

const rowsOf = (text: string) => [...text.matchAll(/<th scope="row"/g)].length;

test('a provider sees its own subscribers by state, with counts, escaped names and a link to each file', async () => {
  const browser = await signIn('gina');
  const { status, text } = await browser.get('/profile/gym/subscribers/');
  assert.equal(status, 200);
  assert.equal(rowsOf(text), 3);
  assert.match(text, /&lt;b&gt;Å=مساحة&lt;\/b&gt; &amp; Sons/);
  assert.doesNotMatch(text, /Swim lane/);
  assert.match(text, /All <small>3<\/small>/);
  assert.match(text, /Requests <small>1<\/small>/);
  assert.match(text, /href="\/profile\/acme\/contact\/"/);
  assert.doesNotMatch(text, /href="\/profile\/gone\/contact\/"/, 'the days of grace are over');
  assert.doesNotMatch(text, /gone@/, 'the address of a former subscriber is not shown');
  const shown = async (query: string) => rowsOf((await browser.get(`/profile/gym/subscribers/?${query}`)).text);
  assert.deepEqual(
    await Promise.all(['state=active', 'state=ended', 'state=requested', 'plan=desk', 'plan=swim-lane'].map(shown)),
    [2, 1, 1, 1, 0],
  );
  const found = await browser.get('/profile/gym/subscribers/?q=acme.example&state=active');
  assert.equal(rowsOf(found.text), 1);
  assert.match(found.text, /All <small>1<\/small>/, 'the counts respect the search');
  const dated = await browser.get('/profile/gym/subscribers/?start_at=2024-01-15&ends_at=2024-03-01');
  assert.match(dated.text, /Churned <small>1<\/small>/);
  assert.match(dated.text, /Active <small>0<\/small>/);
});

test('the download has the documented columns, the filters and no formula', async () => {
  const browser = await signIn('gina');
  const { text } = await browser.get('/profile/gym/subscribers/download/?state=active&plan=desk');
  const [head, row, ...rest] = text.trim().split(/\r?\n/);
  assert.equal(head, 'Name,Email,Plan,Since,Until,Phone,Street,Locality,Region,Postal code,Country');
  assert.match(row ?? '', /a@acme\.example,Desk,/);
  assert.deepEqual(rest, []);
});

test('a request is accepted once', async () => {
  const browser = await signIn('gina');
  await browser.get('/profile/gym/subscribers/?state=requested');
  const post = () => browser.post('/profile/gym/subscribers/?state=requested', { action: 'accept', key });
  const done = await post();
  assert.deepEqual([done.status, done.headers['location']], [303, '/profile/gym/subscribers/?state=requested']);
  const again = await post();
  assert.equal(again.status, 404);
  assert.match(again.text, /was used already/);
  const rows = await app.db.selectFrom('subscriptions').select('request_key').where('plan_id', '=', room.id).execute();
  assert.ok(rows.every(({ request_key }) => request_key === null));
});

test('a provider extends and notes a subscription; refusals keep the input', async () => {
  const browser = await signIn('gina');
  const base = '/profile/gym/subscribers/acme/desk';
  const subscription = () =>
    app.db.selectFrom('subscriptions').selectAll().where('plan_id', '=', desk.id).executeTakeFirstOrThrow();
  const before_end = (await subscription()).ends_at;
  await browser.get(`${base}/extend/`);
  const early = await browser.post(`${base}/extend/`, { ends_at: '2020-01-01' });
  assert.equal(early.status, 400);
  assert.match(early.text, /value="2020-01-01"/);
  assert.match(early.text, /Choose a day after/);
  assert.deepEqual((await subscription()).ends_at, before_end);
  const next = '?next=%2Fprofile%2Fgym%2Fsubscribers%2F%3Fq%3Dacme';
  const extended = await browser.post(`${base}/extend/${next}`, { ends_at: '2031-01-31' });
  assert.deepEqual([extended.status, extended.headers['location']], [303, '/profile/gym/subscribers/?q=acme']);
  assert.equal((await subscription()).ends_at.toISOString().slice(0, 7), '2031-02');
  await browser.get(`${base}/note/`);
  assert.equal((await browser.post(`${base}/note/`, { description: 'By the window' })).status, 303);
  assert.equal((await subscription()).description, 'By the window');
  assert.match((await browser.get(`${base}/note/`)).text, /By the window/);
});

test('a row of a running subscription leads to the page that stops it, with a choice, and back to the list', async () => {
  const browser = await signIn('gina');
  const subscription = () =>
    app.db.selectFrom('subscriptions').selectAll().where('plan_id', '=', desk.id).executeTakeFirstOrThrow();
  const list = '/profile/gym/subscribers/?q=acme';
  const rows = await browser.get(list);
  const stop = `/profile/acme/subscriptions/desk/stop/?next=${encodeURIComponent(list)}`;
  assert.ok(rows.text.includes(`href="${stop}"`), rows.text);
  const earlier = '/profile/gym/subscribers/acme/desk/cancel/';
  assert.equal((await browser.get(earlier)).status, 302);
  assert.equal((await browser.post(earlier, {})).status, 303);
  assert.ok((await subscription()).ends_at > ctx.clock.now(), 'the earlier address ends nothing');
  const page = await browser.get(stop);
  assert.equal(page.status, 200);
  assert.match(page.text, /class="tg-choice" href="[^"]*at=period_end[^"]*next=/);
  const now = /class="tg-choice" href="([^"]*at=now[^"]*)"/.exec(page.text)?.[1]?.replaceAll('&amp;', '&') ?? '';
  const preview = await browser.get(now);
  const preview_key = /name="preview_key" value="([^"]+)"/.exec(preview.text)?.[1] ?? '';
  const stopped = await browser.post(now, { preview_key, reason: 'other', comment: 'Moved away' });
  assert.deepEqual([stopped.status, stopped.headers['location']], [303, list], stopped.text);
  assert.ok((await subscription()).ends_at <= ctx.clock.now());
  assert.equal((await browser.get(stop)).status, 404);
});

test('a subscriber is added by name or by e-mail address; an unknown name keeps the input', async () => {
  const browser = await signIn('gina');
  const url = '/profile/gym/plans/desk/subscribers/';
  assert.equal((await browser.get(url)).status, 200);
  const unknown = await browser.post(url, { subscriber: 'unknown-name', message: 'Welcome' });
  assert.equal(unknown.status, 400);
  assert.match(unknown.text, /No profile has this name/);
  assert.match(unknown.text, /Welcome/);
  const added = await browser.post(url, { subscriber: 'asker', subscriber_choice: 'asker' });
  assert.deepEqual([added.status, added.headers['location']], [303, url]);
  const invited = await browser.post(url, { subscriber: 'new@person.example', full_name: 'New Person' });
  assert.equal(invited.status, 303);
  const { text } = await browser.get(`${url}?state=active`);
  assert.match(text, /New Person/);
  assert.match(text, /Invited/);
});

test('another provider has no access, and a plan of another provider is unknown', async () => {
  const browser = await signIn('paul');
  for (const url of [
    '/profile/gym/subscribers/',
    '/profile/gym/plans/desk/subscribers/',
    '/profile/gym/subscribers/acme/desk/cancel/',
  ]) {
    assert.equal((await browser.get(url)).status, 403, url);
  }
  assert.equal((await browser.get('/profile/pool/plans/desk/subscribers/')).status, 404);
  assert.equal((await browser.get('/profile/pool/subscribers/acme/desk/note/')).status, 404);
  assert.equal((await browser.post('/profile/pool/subscribers/acme/desk/cancel/', {})).status, 404);
});
