import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { requirePageBudget, withoutCounts } from '../../../test/support/page-statements.ts';
import type { browserClient } from '../../../test/support/client.ts';
import { apiClient, registerUser, signInBrowser } from '../../../test/support/client.ts';
import { registerBrokerManager } from '../../../test/support/register-managers.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

let app: TestApp;
let broker: ReturnType<typeof browserClient>;
let reader: ReturnType<typeof browserClient>;
const hostile = '<b>Evil & "Sons"';
before(async () => {
  app = await startApp({ config: { terms_required: false } });
  const operator = await registerBrokerManager(app, 'donny');
  const buyer = apiClient(app, await registerUser(app, 'reader'));
  assert.equal((await buyer('POST', '/api/users/reader/profiles', { slug: 'crew', full_name: hostile })).status, 201);
  const lead = await operator('POST', '/api/users', { slug: 'lead', full_name: 'Lee Ad', email: 'lee@example.com' });
  assert.equal(lead.status, 201, lead.text);
  broker = await signedIn('donny');
  reader = await signedIn('reader');
});
after(() => app.close());

const signedIn = (username: string) => signInBrowser(app, username);

const accounts = '/activities/accounts/';
const contacts = '/activities/contacts/';
const rowsOf = (html: string) => html.split('<tr role="row">').length - 2;

test('the broker searches, filters and sorts every profile', async () => {
  const all = await broker.get(accounts);
  assert.equal(all.status, 200, all.text);
  assert.doesNotMatch(all.text, /<b>Evil/);
  assert.match(all.text, /action="\/activities\/accounts\/" *>|action="\/activities\/accounts\/"/);
  assert.match(all.text, /Search profiles/);
  for (const [query, found] of [
    ['?q=evil', ['crew']],
    ['?kind=provider', ['cowork']],
    ['?kind=personal&q=reader', ['reader']],
    ['?kind=organization&o=-slug', ['stripe', 'crew', 'cowork']],
  ] as const) {
    const { text } = await broker.get(`${accounts}${query}`);
    const slugs = [...text.matchAll(/tg-c-31 tg-muted"[^>]*>([^<]*)</g)].map(([, slug]) => slug);
    assert.deepEqual(slugs, found, query);
  }
  assert.match((await broker.get(`${accounts}?q=no-such-text`)).text, /No profile matches/);
  assert.equal((await broker.get(`${accounts}?kind=x&o=y&page=99&start_at=z`)).status, 200);
});

test('the broker lists users and contacts of both kinds', async () => {
  assert.match((await broker.get(`${contacts}?kind=contact`)).text, /Lee Ad/);
  assert.equal(rowsOf((await broker.get(`${contacts}?kind=contact`)).text), 1);
  assert.doesNotMatch((await broker.get(`${contacts}?kind=user`)).text, /Lee Ad/);
  assert.equal(rowsOf((await broker.get(`${contacts}?q=lead`)).text), 1);
});

test('the downloads have the filtered rows', async () => {
  const profiles = await broker.get('/activities/download/accounts/?kind=organization&o=slug');
  assert.equal(profiles.headers['content-type'], 'text/csv; charset=utf-8');
  const [head, first, second] = profiles.text.split('\r\n');
  assert.equal(head, 'Slug,Name,Type,Email,Created at');
  assert.match(first ?? '', /^cowork,/);
  assert.match(second ?? '', /^crew,"<b>Evil & ""Sons""",Organization,/);
  const people = await broker.get('/activities/download/contacts/?kind=contact');
  assert.match(
    people.text,
    /^Username,Name,Email,Account,Created at\r\nlead,Lee Ad,lee@example.com,no,\d{4}-\d\d-\d\d\r\n$/,
  );
});

test('a note is added to a profile and the person, and shown on both files', async () => {
  const file = await broker.get(`${accounts}crew/`);
  assert.equal(file.status, 200, file.text);
  assert.match(file.text, /href="\/profile\/crew\/roles\/"/);
  const refused = await broker.post(`${accounts}crew/`, { text: '', person: 'lead' });
  assert.equal(refused.status, 400);
  assert.match(refused.text, /value="lead"/);
  const asked = await broker.post(`${accounts}crew/`, { text: 'Called <i>', person: 'Lee' });
  assert.equal(asked.status, 400);
  assert.match(asked.text, /name="person_choice" value="lead"/);
  const added = await broker.post(`${accounts}crew/`, { text: 'Called <i>', person: 'Lee', person_choice: 'lead' });
  assert.deepEqual([added.status, added.headers['location']], [303, `${accounts}crew/`]);
  assert.match((await broker.get(`${accounts}crew/`)).text, /Called &lt;i&gt;[\s\S]*Lee Ad/);
  assert.match((await broker.get(`${contacts}lead/`)).text, /Called &lt;i&gt;[\s\S]*Evil &amp; /);
});

test('a note about a user may name no profile; an unknown profile is refused with the text kept', async () => {
  assert.equal((await broker.post(`${contacts}reader/`, { text: 'Likes tea', account: '' })).status, 303);
  const refused = await broker.post(`${contacts}reader/`, { text: 'Kept text', account: 'no-such' });
  assert.equal(refused.status, 400);
  assert.match(refused.text, /There is no such profile/);
  assert.match(refused.text, /Kept text<\/textarea>/);
  assert.match((await broker.get(`${contacts}reader/`)).text, /Likes tea/);
});

test('only the broker opens the directory; unknown names are not found', async () => {
  for (const url of [accounts, contacts, `${accounts}crew/`, `${contacts}reader/`, '/activities/download/accounts/']) {
    assert.equal((await reader.get(url)).status, 403, url);
  }
  await reader.get('/login/');
  assert.equal((await reader.post(`${contacts}reader/`, { text: 'x' })).status, 403);
  assert.equal((await broker.get(`${accounts}no-such/`)).status, 404);
  assert.equal((await broker.get(`${contacts}no-such/`)).status, 404);
  assert.equal((await broker.get('/activities/')).headers['location'], accounts);
});

test('a manager of the broker adds a contact; all errors are shown at once and the input is kept', async () => {
  assert.match((await broker.get(contacts)).text, /href="\/activities\/new\/"/);
  const form = await broker.get('/activities/new/');
  assert.equal(form.status, 200, form.text);
  const refused = await broker.post('/activities/new/', {
    full_name: '',
    email: 'joe@',
    phone: '',
    nick_name: hostile,
  });
  assert.equal(refused.status, 400, refused.text);
  assert.match(refused.text, /2 fields need a correction/);
  assert.match(refused.text, /value="joe@"/);
  assert.doesNotMatch(refused.text, /<b>Evil/);
  const taken = await broker.post('/activities/new/', { full_name: 'Joe', email: 'lee@example.com' });
  assert.match(taken.text, /already on record/);
  const added = await broker.post('/activities/new/', { full_name: 'Joe Card', email: 'joe@example.com' });
  assert.equal(added.status, 303, added.text);
  assert.equal(added.headers['location'], '/activities/contacts/joe/');
  assert.match((await broker.get('/activities/contacts/joe/')).text, /Joe Card was added/);
  assert.equal((await reader.get('/activities/new/')).status, 403);
});

test('each page stays within the budget of statements', { skip: withoutCounts }, async () => {
  await requirePageBudget((url) => broker.get(url), [accounts, contacts, `${accounts}crew/`, `${contacts}lead/`]);
});
