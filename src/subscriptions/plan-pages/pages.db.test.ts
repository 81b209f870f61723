import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { browserClient, signInBrowser } from '../../../test/support/client.ts';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { testPassword } from '../../../test/support/factories/accounts.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { makeOrganization, makeReadyUser } from '../../../test/support/factories/profiles.ts';
import { makePerson, subscribe } from '../../../test/support/factories/subscriptions.ts';
import { registerBrokerManager } from '../../../test/support/register-managers.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

let app: TestApp;
let ctx: TestContext;

before(async () => {
  app = await startApp();
  ctx = await testContext(app.db);
  const gina = await makeReadyUser(app.db, { username: 'gina' });
  const paul = await makeReadyUser(app.db, { username: 'paul' });
  const gym = await makeOrganization(app.db, { slug: 'gym', manager: gina, is_provider: true });
  await makeOrganization(app.db, { slug: 'pool', manager: paul, is_provider: true });
  const desk = await makePlan(ctx, { provider_id: gym.id, title: 'Desk', period_amount: 5500 });
  await makePlan(ctx, { provider_id: gym.id, title: 'Draft <b>', period_amount: 900, is_active: false });
  await subscribe(ctx, (await makePerson(app.db, 'buyer')).profile, desk);
});
after(() => app.close());

const signIn = (username: string) => signInBrowser(app, username, testPassword);

const plan_fields = {
  title: 'Room',
  description: 'A quiet room',
  is_active: '1',
  unit: 'USD',
  period_amount: '1,121.20',
  period_length: '3',
  period_type: 'monthly',
  setup_amount: '',
  renewal_type: 'repeat',
  upgrade_mode: 'prorate',
  downgrade_mode: 'period_end',
  crossgrade_mode: 'full',
  trial_days: '14',
  trial_requires_card: '1',
  pause_days_max: '60',
  tier: '2',
  quantity_min: '2',
  quantity_max: '50',
  cancel_refund: 'credit',
  money_back_days: '7',
  discount_0_length: '4',
  discount_0_value: '12.5',
  discount_0_type: 'percentage',
  discount_1_type: 'percentage',
  discount_2_type: 'percentage',
  use_0_title: 'Prints',
  use_0_amount: '0.10',
  use_0_quota: '100',
};

const findPlan = (slug: string) =>
  app.db.selectFrom('plans').selectAll().where('slug', '=', slug).executeTakeFirstOrThrow();
const versionIn = (html: string) => /name="edit_version" value="([^"]*)"/.exec(html)?.[1] ?? '';

test('the list shows the plans of the provider with their subscriptions, and filters by state', async () => {
  const browser = await signIn('gina');
  const { text } = await browser.get('/profile/gym/plans/');
  assert.match(text, /Desk/);
  assert.match(text, /Draft &lt;b&gt;/);
  assert.match(text, /On sale <small>1<\/small>/);
  assert.match(text, /plans\/desk\/subscribers\/">1</);
  assert.doesNotMatch((await browser.get('/profile/gym/plans/?active=false')).text, /plans\/desk\//);
});

test('a plan is created with its discounts and charges; a refusal keeps the input and names all fields', async () => {
  const browser = await signIn('gina');
  assert.equal((await browser.get('/profile/gym/plans/new/')).status, 200);
  const refused = await browser.post('/profile/gym/plans/new/', { ...plan_fields, title: '', period_amount: 'much' });
  assert.equal(refused.status, 400);
  assert.match(refused.text, /value="much"/);
  assert.match(refused.text, /A quiet room/);
  const preview = await browser.post('/profile/gym/plans/new/', { ...plan_fields, action: 'preview' });
  assert.equal(preview.status, 200);
  assert.match(preview.text, /Nothing was saved/);
  assert.match(preview.text, /\$1,121\.20/);
  for (const line of [
    /14 days free, then \$1,121\.20 every 3 months/,
    /From 2 to 50 seats; the price is for each seat/,
    /Money back within 7 days/,
    /Pause for up to 60 days/,
  ])
    assert.match(preview.text, line);
  const done = await browser.post('/profile/gym/plans/new/', plan_fields);
  assert.deepEqual([done.status, done.headers['location']], [303, '/profile/gym/plans/room/'], done.text.slice(-3000));
  const plan = await findPlan('room');
  assert.deepEqual([plan.period_amount, plan.period_length, plan.is_active], [112_120, 3, true]);
  assert.deepEqual([plan.upgrade_mode, plan.downgrade_mode, plan.crossgrade_mode], ['prorate', 'period_end', 'full']);
  assert.deepEqual([plan.trial_days, plan.trial_requires_card, plan.pause_days_max, plan.tier], [14, true, 60, 2]);
  assert.deepEqual([plan.quantity_min, plan.quantity_max], [2, 50]);
  assert.deepEqual([plan.cancel_refund, plan.money_back_days], ['credit', 7]);
  const discounts = await app.db.selectFrom('advance_discounts').selectAll().where('plan_id', '=', plan.id).execute();
  assert.deepEqual(
    discounts.map(({ length, discount_type, discount_value }) => [length, discount_type, discount_value]),
    [[4, 'percentage', 1250]],
  );
  const uses = await app.db.selectFrom('use_charges').selectAll().where('plan_id', '=', plan.id).execute();
  assert.deepEqual(
    uses.map(({ slug, use_amount, quota }) => [slug, use_amount, quota]),
    [['prints', 10, 100]],
  );
  await app.db
    .updateTable('use_charges')
    .set({ description: 'Each page', extra: '{"meter":1}' })
    .where('plan_id', '=', plan.id)
    .execute();
  assert.equal(
    (await browser.post('/profile/gym/plans/room/', { ...plan_fields, use_0_slug: 'prints', use_0_title: 'Pages' }))
      .status,
    303,
  );
  const [kept] = await app.db.selectFrom('use_charges').selectAll().where('plan_id', '=', plan.id).execute();
  assert.deepEqual([kept?.title, kept?.description, kept?.extra], ['Pages', 'Each page', '{"meter":1}']);
  const shown = await browser.get('/profile/gym/plans/room/');
  assert.match(shown.text, /name="discount_0_value" value="12\.50"/);
  const limit = await browser.post('/profile/gym/plans/room/', { ...plan_fields, use_0_limit: '50' });
  assert.equal(limit.status, 400);
  assert.match(limit.text, /id="id_use_0_limit-error"/);
});

test('the second of two editors sees what changed, and nothing is saved', async () => {
  const browser = await signIn('gina');
  const version = versionIn((await browser.get('/profile/gym/plans/desk/')).text);
  assert.notEqual(version, '');
  const mine = { ...plan_fields, title: 'Desk', discount_0_length: '', use_0_title: '' };
  const first = await browser.post('/profile/gym/plans/desk/', { ...mine, period_amount: '60', edit_version: version });
  assert.equal(first.status, 303, first.text.slice(0, 200));
  const second = await browser.post('/profile/gym/plans/desk/', {
    ...mine,
    period_amount: '70',
    edit_version: version,
  });
  assert.equal(second.status, 409);
  assert.match(second.text, /60\.00/);
  assert.equal((await findPlan('desk')).period_amount, 6000);
});

test('the effect names the running subscriptions; a currency is fixed after the first one', async () => {
  const browser = await signIn('gina');
  await browser.get('/profile/gym/plans/desk/');
  const mine = { ...plan_fields, title: 'Desk', period_amount: '99', discount_0_length: '', use_0_title: '' };
  const preview = await browser.post('/profile/gym/plans/desk/', { ...mine, action: 'preview' });
  assert.match(preview.text, /1 subscription/);
  assert.match(preview.text, /keep what was paid for/);
  const euro = await browser.post('/profile/gym/plans/desk/', { ...mine, unit: 'EUR' });
  assert.equal(euro.status, 400);
  assert.match(euro.text, /cannot change after the first subscription/);
});

test('a plan without subscriptions is deleted by its typed name', async () => {
  const browser = await signIn('gina');
  const url = '/profile/gym/plans/draft-b/delete/';
  assert.equal((await browser.get(url)).status, 200);
  assert.equal((await browser.post(url, { typed_name: 'other' })).status, 400);
  assert.equal((await browser.post(url, { typed_name: 'Draft <b>' })).status, 303);
  assert.deepEqual(await app.db.selectFrom('plans').select('id').where('slug', '=', 'draft-b').execute(), []);
  const held = await browser.post('/profile/gym/plans/desk/delete/', { typed_name: 'Desk' });
  assert.equal(held.status, 403);
  assert.match(held.text, /Cannot delete a plan with subscribers/);
});

test('another provider may neither see nor change the plans', async () => {
  const browser = await signIn('paul');
  for (const url of ['/profile/gym/plans/', '/profile/gym/plans/new/', '/profile/gym/plans/desk/']) {
    assert.equal((await browser.get(url)).status, 403, url);
  }
  assert.equal((await browser.get('/profile/pool/plans/desk/')).status, 404);
  await browser.get('/profile/pool/plans/new/');
  assert.equal((await browser.post('/profile/pool/plans/desk/', plan_fields)).status, 404);
  assert.equal((await browser.post('/profile/gym/plans/new/', plan_fields)).status, 403);
});

test('a form gets one more row without being saved, and keeps its input and its version', async () => {
  const browser = await signIn('gina');
  const url = '/profile/gym/plans/room/';
  const page = await browser.get(url);
  const version = versionIn(page.text);
  const rowsIn = (html: string, kind: string) =>
    html.match(new RegExp(`id="id_${kind}_\\d+_length"`, 'g'))?.length ?? 0;
  assert.equal(rowsIn(page.text, 'discount'), 2, 'one row is empty');
  const mine = { ...plan_fields, title: 'Changed', discount_1_length: '', edit_version: version };
  const more = await browser.post(url, { ...mine, action: 'add_discount' });
  assert.equal(more.status, 200);
  assert.equal(rowsIn(more.text, 'discount'), 3);
  assert.match(more.text, /id="id_discount_2_length"[^>]* autofocus/);
  assert.match(more.text, /name="title" value="Changed"/);
  assert.equal(versionIn(more.text), version);
  assert.equal((await findPlan('room')).title, 'Room');
  assert.match((await browser.post(url, { ...mine, action: 'add_use' })).text, /id="id_use_1_title"[^>]* autofocus/);
  const changed = await browser.post(url, { ...plan_fields, period_amount: '20', edit_version: version });
  assert.equal(changed.status, 303);
  const preview = await browser.post(url, { ...mine, action: 'preview' });
  assert.equal(versionIn(preview.text), version, 'a preview does not hide the changes of others');
});

test('a manager of the site creates a plan without writing its share', async () => {
  const browser = await signInAsBroker();
  const url = '/profile/cowork/plans/new/';
  assert.match((await browser.get(url)).text, /name="broker_fee_percent" value="0"/);
});

async function signInAsBroker() {
  await registerBrokerManager(app, 'donny');
  const browser = browserClient(app);
  await browser.get('/login/');
  await browser.post('/login/', { username: 'donny', password: 'correct horse 7' });
  return browser;
}
