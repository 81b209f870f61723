import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { signInBrowser } from '../../../test/support/client.ts';
import { testContext } from '../../../test/support/context.ts';
import { testPassword } from '../../../test/support/factories/accounts.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { makeOrganization, makeReadyUser } from '../../../test/support/factories/profiles.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

let app: TestApp;
const url = '/billing/gym/coupons/';

before(async () => {
  app = await startApp();
  const gina = await makeReadyUser(app.db, { username: 'gina' });
  const paul = await makeReadyUser(app.db, { username: 'paul' });
  const gym = await makeOrganization(app.db, { slug: 'gym', manager: gina, is_provider: true });
  await makeOrganization(app.db, { slug: 'pool', manager: paul, is_provider: true });
  await makePlan(await testContext(app.db), { provider_id: gym.id, title: 'Desk', is_active: true });
});
after(() => app.close());

const signIn = (username: string) => signInBrowser(app, username, testPassword);

const fields = {
  code: 'Half-Off',
  discount_type: 'percentage',
  discount_value: '12.5',
  plan: '*',
  ends_at: '',
  nb_attempts: '',
  description: '=1+1 <b>',
};
const findCoupon = (code: string) =>
  app.db.selectFrom('coupons').selectAll().where('code', '=', code).executeTakeFirst();
const versionIn = (html: string) => /name="edit_version" value="([^"]*)"/.exec(html)?.[1] ?? '';

test('a code is created within its limits; a refusal keeps the input', async () => {
  const browser = await signIn('gina');
  assert.match((await browser.get(url)).text, /Your discount codes will be listed here/);
  const refused = await browser.post(url, { ...fields, discount_value: 'half' });
  assert.equal(refused.status, 400);
  assert.match(refused.text, /value="Half-Off"/);
  assert.match(refused.text, /Write it like 10\.00/);
  assert.equal((await browser.post(url, fields)).status, 303);
  const coupon = await findCoupon('Half-Off');
  assert.deepEqual([coupon?.discount_value, coupon?.ends_at, coupon?.nb_attempts], [1250, null, null]);
  const taken = await browser.post(url, { ...fields, code: 'HALF-off' });
  assert.match(taken.text, /already taken/);
  const limited = { ...fields, code: 'FIVE', discount_type: 'currency', discount_value: '5', nb_attempts: '3' };
  assert.equal((await browser.post(url, { ...limited, plan: 'desk', ends_at: '2031-12-31' })).status, 303);
  const five = await findCoupon('FIVE');
  assert.deepEqual([five?.discount_value, five?.nb_attempts, five?.ends_at?.getUTCFullYear()], [500, 3, 2032]);
  assert.ok(five?.plan_id);
  const { text } = await browser.get(url);
  assert.match(text, /12\.50%/);
  assert.match(text, /3 uses left/);
  assert.match(text, /=1\+1 &lt;b&gt;/);
});

test('a code is switched off and on, and the change can be undone', async () => {
  const browser = await signIn('gina');
  await browser.get(url);
  assert.equal((await browser.post(url, { action: 'off', coupon: 'FIVE' })).status, 303);
  const off = (await findCoupon('FIVE'))?.ends_at;
  assert.ok(off && off <= app.clock.now());
  const { text } = await browser.get(`${url}?state=ended`);
  assert.match(text, /FIVE/);
  assert.match(text, /Not active <small>1<\/small>/);
  const undo = /action="(\/undo\/[^"]+)"/.exec(text)?.[1];
  assert.ok(undo, text.slice(0, 400));
  assert.equal((await browser.post(undo, {})).status, 303);
  assert.equal((await findCoupon('FIVE'))?.ends_at?.getUTCFullYear(), 2032, 'the former end is back');
  await browser.post(url, { action: 'off', coupon: 'FIVE' });
  await browser.post(url, { action: 'on', coupon: 'FIVE' });
  assert.equal((await findCoupon('FIVE'))?.ends_at, null);
});

test('an editor sees what another changed; a deleted code is gone', async () => {
  const browser = await signIn('gina');
  const page = `${url}Half-Off/`;
  const version = versionIn((await browser.get(page)).text);
  assert.equal((await browser.post(page, { ...fields, discount_value: '20', edit_version: version })).status, 303);
  const second = await browser.post(page, { ...fields, discount_value: '30', edit_version: version });
  assert.equal(second.status, 409);
  assert.match(second.text, /20\.00/);
  assert.equal((await findCoupon('Half-Off'))?.discount_value, 2000);
  assert.match((await browser.get(`${page}delete/`)).text, /Deleting cannot be undone/);
  assert.equal((await browser.post(`${page}delete/`, {})).status, 303);
  assert.equal(await findCoupon('Half-Off'), undefined);
  assert.equal((await browser.get(page)).status, 404);
});

test('the download has the documented columns and the filters of the list', async () => {
  const browser = await signIn('gina');
  const { text } = await browser.get(`${url}download/?q=five`);
  const [head, row, ...rest] = text.trim().split(/\r?\n/);
  assert.equal(head, 'Created at,Code,Discount type,Amount');
  assert.match(row ?? '', /,FIVE,currency,5\.00$/);
  assert.deepEqual(rest, []);
});

test('another provider may neither see nor change the codes', async () => {
  const browser = await signIn('paul');
  for (const each of [url, `${url}FIVE/`, `${url}FIVE/delete/`]) assert.equal((await browser.get(each)).status, 403);
  assert.equal((await browser.get('/billing/pool/coupons/FIVE/')).status, 404);
  await browser.get('/billing/pool/coupons/');
  assert.equal((await browser.post('/billing/pool/coupons/', { action: 'off', coupon: 'FIVE' })).status, 404);
});
