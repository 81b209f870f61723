import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiClient, browserClient, registerUser } from '../../../test/support/client.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

let app: TestApp;
let token: string;
before(async () => {
  app = await startApp({ config: { terms_required: false } });
  token = await registerUser(app, 'ann');
});
after(() => app.close());

const url = '/profile/ann/contact/';

async function openForm() {
  const browser = browserClient(app);
  await browser.get('/login/');
  await browser.post('/login/', { username: 'ann', password: 'correct horse 7' });
  const page = await browser.get(url);
  return { browser, version: versionIn(page.text) };
}

const versionIn = (html: string) => /name="edit_version" value="([^"]+)"/.exec(html)?.[1] ?? '';
const mine = { full_name: 'Ann Lee', email: 'ann@example.com', locality: 'Oslo', default_timezone: 'UTC' };
const fullName = async () =>
  (await app.db.selectFrom('profiles').select('full_name').where('slug', '=', 'ann').executeTakeFirstOrThrow())
    .full_name;
const rename = async (full_name: string) => {
  const reply = await apiClient(app, token)('PATCH', '/api/profile/ann', { full_name });
  assert.equal(reply.status, 200, reply.text);
};

test('the second of two editors is shown what changed, keeps the input, and can save anyway', async () => {
  await rename('Ann First');
  const { browser, version } = await openForm();
  await rename('Ann Second');
  const refused = await browser.post(url, { ...mine, edit_version: version });
  assert.equal(refused.status, 409);
  assert.match(refused.text, /Another user changed this while you edited it\. Nothing was saved/);
  assert.match(refused.text, /now <strong dir="auto">Ann Second<\/strong>/);
  assert.match(refused.text, /value="Ann Lee"/);
  assert.match(refused.text, /value="Oslo"/);
  assert.equal(await fullName(), 'Ann Second');

  const saved = await browser.post(url, { ...mine, edit_version: versionIn(refused.text) });
  assert.equal(saved.status, 303, saved.text);
  assert.equal(await fullName(), 'Ann Lee');
});

test('a change after the conflict was shown is a conflict again', async () => {
  await rename('Ann First');
  const { browser, version } = await openForm();
  await rename('Ann Second');
  const refused = await browser.post(url, { ...mine, edit_version: version });
  await rename('Ann Third');
  assert.equal((await browser.post(url, { ...mine, edit_version: versionIn(refused.text) })).status, 409);
  assert.equal(await fullName(), 'Ann Third');
});

test('of two concurrent saves of one version, one is refused', async () => {
  await rename('Ann First');
  const { browser, version } = await openForm();
  const replies = await Promise.all(
    ['Ann A', 'Ann B'].map((full_name) => browser.post(url, { ...mine, full_name, edit_version: version })),
  );
  assert.deepEqual(replies.map(({ status }) => status).toSorted(), [303, 409]);
});

test('without a version the last save wins, as in the API', async () => {
  const { browser } = await openForm();
  await rename('Ann Second');
  assert.equal((await browser.post(url, mine)).status, 303);
  assert.equal(await fullName(), 'Ann Lee');
});

test('a change that was taken back is no conflict, and a malformed version is none', async () => {
  await rename('Ann First');
  const { browser, version } = await openForm();
  await rename('Ann Second');
  await rename('Ann First');
  assert.equal((await browser.post(url, { ...mine, edit_version: version })).status, 303);
  assert.equal((await browser.post(url, { ...mine, edit_version: '...:::' })).status, 303);
});

test('a form that is refused for its input keeps its version: a change meanwhile is a conflict', async () => {
  await rename('Ann First');
  const { browser, version } = await openForm();
  await rename('Ann Second');
  const refused = await browser.post(url, { ...mine, email: 'no address', edit_version: version });
  assert.equal(refused.status, 400, refused.text);
  assert.equal(versionIn(refused.text), version);
  assert.equal((await browser.post(url, { ...mine, edit_version: versionIn(refused.text) })).status, 409);
  assert.equal(await fullName(), 'Ann Second');
});
