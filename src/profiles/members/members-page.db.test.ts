import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { requirePageBudget, withoutCounts } from '../../../test/support/page-statements.ts';
import { apiClient, browserClient, registerUser } from '../../../test/support/client.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

let app: TestApp;
let max: ReturnType<typeof browserClient>;
before(async () => {
  app = await startApp({ config: { terms_required: false } });
  const api = apiClient(app, await registerUser(app, 'max'));
  for (const name of ['ann', 'ben', 'cleo']) await registerUser(app, name);
  assert.equal((await api('POST', '/api/users/max/profiles', { slug: 'crew', full_name: 'Crew' })).status, 201);
  for (const slug of ['ann', 'ben', 'cleo']) {
    assert.ok((await api('POST', '/api/profile/crew/roles/contributor', { slug })).status < 300);
  }
  max = browserClient(app);
  await max.get('/login/');
  await max.post('/login/', { username: 'max', password: 'correct horse 7' });
});
after(() => app.close());

const people = '/profile/crew/roles/';

test('a manager searches, filters and sorts the people of a profile by links', async () => {
  const all = await max.get(people);
  assert.equal(all.status, 200);
  assert.match(all.text, /4 people/);
  assert.match(all.text, /href="\/profile\/crew\/roles\/\?o=full_name"/);
  assert.match((await max.get(`${people}?q=ben`)).text, /1 person/);
  assert.match((await max.get(`${people}?status=invited&o=-full_name`)).text, /3 people/);
  assert.match((await max.get(`${people}?status=active`)).text, /1 person/);
  assert.match((await max.get(`${people}?status=gone`)).text, /No person matches the filters/);
  assert.match((await max.get(`${people}contributor/?page=9&start_at=x`)).text, /3 people/);
});

test('a manager downloads the people that the list shows', async () => {
  const rowsOf = async (url: string) => (await max.get(url)).text.trim().split('\r\n');
  const [heading, ...rows] = await rowsOf('/profile/crew/download/roles/?status=invited&o=full_name');
  assert.equal(heading, 'Since,Name,Email,Role,State');
  assert.deepEqual(
    rows.map((row) => row.split(',').slice(-2).join()),
    ['Contributor,Invited', 'Contributor,Invited', 'Contributor,Invited'],
  );
  assert.equal((await rowsOf('/profile/crew/download/roles/manager/')).length, 2);
  assert.match((await max.get(people)).text, /href="\/profile\/crew\/download\/roles\/" download/);
  const own = await rowsOf('/users/max/roles/download/');
  assert.equal(own[0], 'Since,Profile,Role,State');
  assert.match(own.join('\n'), /,Crew,Profile Manager,Active$/m);
});

test('removing a person keeps the filters of the list', async () => {
  const query = '?status=invited&q=ann';
  await max.get(`${people}${query}`);
  const removed = await max.post(`${people}${query}`, { action: 'remove', role: 'contributor', user: 'ann' });
  assert.deepEqual([removed.status, removed.headers['location']], [303, `${people}${query}`]);
  assert.match((await max.get(people)).text, /3 people/);
});

test('the page stays within the budget of statements', { skip: withoutCounts }, async () => {
  await requirePageBudget((url) => max.get(url), [people]);
});
