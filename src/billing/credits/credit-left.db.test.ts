import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { browserClient } from '../../../test/support/client.ts';
import { type ChangeSite, expectStatus, startChanges } from '../../../test/support/changes.ts';

// A profile with credit is not deleted by accident.

let site: ChangeSite;
before(async () => {
  site = await startChanges();
});
after(() => site.close());

const give = (profile: string, amount: number) =>
  expectStatus(
    site.broker('POST', `/api/billing/${profile}/credits`, { amount, unit: 'usd', descr: 'Thank you' }),
    201,
  );

test('a profile with credit is archived with force only', async () => {
  const call = await site.register('orga');
  await expectStatus(
    call('POST', '/api/users/orga/profiles', { slug: 'acme', full_name: 'Acme', type: 'organization' }),
    201,
  );
  await give('acme', 1200);
  const refused = await expectStatus(call('DELETE', '/api/profile/acme'), 409);
  assert.equal(refused.json()['code'], 'credit_left');
  assert.match(refused.text, /\$12\.00/);
  assert.equal((await call('DELETE', '/api/profile/acme?force=0')).status, 409);
  await expectStatus(call('GET', '/api/profile/acme'), 200);
  await expectStatus(call('DELETE', '/api/profile/acme?force=1'), 204);
  await expectStatus(call('GET', '/api/profile/acme'), 403);
});

test('a profile without credit is archived without force', async () => {
  const call = await site.register('bare');
  await expectStatus(call('DELETE', '/api/profile/bare'), 204);
});

test('the page that deletes an account names the credit, and only then loses it', async () => {
  const password = 'correct horse 7';
  await site.register('dora');
  const browser = browserClient(site.app);
  await browser.get('/login/');
  await browser.post('/login/', { username: 'dora', password });
  const page = '/users/dora/delete/';
  assert.doesNotMatch((await browser.get(page)).text, /name="force"/);
  await give('dora', 1200);
  const refused = await browser.post(page, { typed_name: 'dora', password });
  assert.equal(refused.status, 409, refused.text);
  assert.match(refused.text, /\$12\.00/);
  const { text } = await browser.get(page);
  assert.match(text, /Credit[\s\S]*\$12\.00 lost/);
  assert.match(text, /name="force" value="1"/);
  const dora = await site.signIn('dora');
  const by_api = await expectStatus(dora('DELETE', '/api/users/dora', { password }), 409);
  assert.equal(by_api.json()['code'], 'credit_left');
  assert.equal((await browser.post(page, { typed_name: 'dora', password, force: '1' })).status, 303);
});
