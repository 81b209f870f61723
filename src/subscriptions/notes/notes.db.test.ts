import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiClient } from '../../../test/support/client.ts';
import { makeSharedCharge, type SharedCharge } from '../../../test/support/shared-charge.ts';
import { requirePageBudget, withoutCounts } from '../../../test/support/page-statements.ts';
import { tokenOf } from '../../../test/support/sign-in.ts';
import { findUserByUsername } from '#accounts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

type Rows = { count: number; results: { id: number; text: string; created_by: string }[] };

let app: TestApp;
let browsers: SharedCharge['browsers'];
const calls = {} as Record<'gina' | 'cora' | 'paul' | 'boss' | 'bea', ReturnType<typeof apiClient>>;
before(async () => {
  app = await startApp({ config: { terms_required: false } });
  ({ browsers } = await makeSharedCharge(app, { pool_card: { period_amount: 2300 } }));
  for (const name of ['gina', 'cora', 'paul', 'boss', 'bea'] as const) {
    const user = await findUserByUsername(app.db, name);
    assert.ok(user);
    calls[name] = apiClient(app, await tokenOf(app, user));
  }
});
after(() => app.close());

const url = '/api/profile/gymclub/notes/acme';
const page = '/profile/gymclub/notes/acme/';

test('a manager of the provider adds, changes and deletes notes; the author and the time are kept', async () => {
  const made = await calls.gina('POST', url, { text: '  Asked for a discount.  ' });
  assert.equal(made.status, 201, made.text);
  const { id, text, created_by, created_at, updated_at } = made.json();
  assert.deepEqual([text, created_by, updated_at], ['Asked for a discount.', 'gina', created_at]);
  app.clock.set(new Date(app.clock.now().getTime() + 60_000));
  const changed = await calls.gina('PUT', `${url}/${String(id)}`, { text: 'Got a discount.' });
  assert.deepEqual([changed.status, changed.json()['text']], [200, 'Got a discount.']);
  assert.ok(String(changed.json()['updated_at']) > String(created_at));
  const kept = await calls.gina('PATCH', `${url}/${String(id)}`, {});
  assert.deepEqual([kept.status, kept.json()['text']], [200, 'Got a discount.']);
  assert.equal((await calls.gina('POST', url, { text: 'Second' })).status, 201);
  const listed = (await calls.cora('GET', url)).json<Rows>();
  assert.deepEqual(
    listed.results.map((each) => each.text),
    ['Second', 'Got a discount.'],
  );
  assert.equal((await calls.gina('GET', `${url}?q=discount`)).json<Rows>().count, 1);
  assert.equal((await calls.gina('DELETE', `${url}/${String(id)}`)).status, 204);
  assert.equal((await calls.gina('DELETE', `${url}/${String(id)}`)).json()['code'], 'note_unknown');
});

test('the subscriber, other providers and contributors cannot use the notes', async () => {
  const [note] = (await calls.gina('GET', url)).json<Rows>().results;
  assert.ok(note);
  for (const who of ['paul', 'boss'] as const)
    for (const address of [url, `${url}/${note.id}`])
      assert.equal((await calls[who](address === url ? 'GET' : 'DELETE', address)).status, 403, who);
  assert.equal((await calls.cora('POST', url, { text: 'x' })).status, 403);
  const others = '/api/profile/poolside/notes/acme';
  assert.equal((await calls.paul('GET', others)).json<Rows>().count, 0);
  assert.equal((await calls.paul('PUT', `${others}/${note.id}`, { text: 'x' })).json()['code'], 'note_unknown');
  assert.equal((await calls.paul('DELETE', `${others}/${note.id}`)).status, 404);
  assert.doesNotMatch((await browsers.paul.get('/profile/acme/contact/')).text, /Second/);
  assert.doesNotMatch((await browsers.boss.get('/profile/acme/contact/')).text, /Second/);
  assert.doesNotMatch((await calls.boss('GET', '/api/profile/acme')).text, /Second/);
});

test('notes are about subscribers only, and bad input names the field', async () => {
  for (const slug of ['boss', 'poolside', 'never-seen']) {
    const refused = await calls.gina('POST', `/api/profile/gymclub/notes/${slug}`, { text: 'x' });
    assert.deepEqual([refused.status, refused.json()['code']], [404, 'never_subscribed'], slug);
  }
  for (const body of [{}, { text: '' }, { text: '   ' }, { text: 'x'.repeat(10_001) }, { text: 7.5e300 }, []]) {
    const refused = await calls.gina('POST', url, body);
    assert.equal(refused.status, 400, refused.text);
    if (!Array.isArray(body)) assert.ok(Array.isArray(refused.json()['text']) || 'text' in body, refused.text);
  }
  for (const id of ['0', '-1', 'x', '9007199254740993'])
    assert.ok([400, 404].includes((await calls.gina('DELETE', `${url}/${id}`)).status), id);
});

test('a provider has at most 1000 notes about one subscriber', async () => {
  await app.database.executeSql(`insert into subscriber_notes (provider_id, profile_id, text, created_at, updated_at)
    select p.id, s.id, 'Filler', '2000-01-01', '2000-01-01' from profiles p, profiles s, generate_series(1, 998) n
    where p.slug = 'gymclub' and s.slug = 'acme'`);
  assert.equal((await calls.gina('POST', url, { text: 'The last' })).status, 201);
  assert.equal((await calls.gina('POST', url, { text: 'One more' })).json()['code'], 'quota_exceeded');
  await app.database.executeSql(`delete from subscriber_notes where text = 'Filler'`);
});

test('the pages list, add, change and delete notes; the file of the subscriber shows them', async () => {
  await browsers.gina.get(page);
  const blank = await browsers.gina.post(page, { text: ' ' });
  assert.equal(blank.status, 400);
  assert.match(blank.text, /may not be blank|required|Enter/i);
  assert.equal((await browsers.gina.post(page, { text: '=HYPERLINK("x") <b>bold</b>' })).status, 303);
  const { text } = await browsers.gina.get(page);
  assert.match(text, /The note was added/);
  assert.doesNotMatch(text, /<b>bold/);
  const file = await browsers.gina.get('/profile/acme/contact/');
  assert.match(file.text, /HYPERLINK/);
  assert.match(file.text, new RegExp(`href="${page}"`));
  const [note] = (await calls.gina('GET', `${url}?q=HYPERLINK`)).json<Rows>().results;
  assert.ok(note);
  assert.match((await browsers.gina.get(`${page}${note.id}/`)).text, /HYPERLINK/);
  assert.equal((await browsers.gina.post(`${page}${note.id}/`, { text: 'Changed here' })).status, 303);
  const csv = await browsers.cora.get(`${page}download/`);
  assert.match(csv.text, /^Created at,Author,Note\r\n/);
  assert.match(csv.text, /Changed here/);
  assert.match((await browsers.cora.get(page)).text, /Changed here/);
  assert.doesNotMatch((await browsers.cora.get(page)).text, /Add the note/);
  assert.equal((await browsers.cora.get(`${page}${note.id}/`)).status, 403);
  assert.match((await browsers.gina.get(`${page}${note.id}/delete/`)).text, /Keep the note/);
  assert.equal((await browsers.gina.post(`${page}${note.id}/delete/`, {})).status, 303);
  assert.doesNotMatch((await browsers.gina.get(page)).text, /Changed here/);
  for (const who of ['paul', 'boss'] as const) assert.equal((await browsers[who].get(page)).status, 403);
});

test('the pages stay within the budget of statements', { skip: withoutCounts }, async () => {
  await requirePageBudget((address) => browsers.gina.get(address), [page]);
});
