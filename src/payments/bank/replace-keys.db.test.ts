import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { pino } from 'pino';
import { findProfileBySlug } from '#profiles';
import { apiClient, browserClient } from '../../../test/support/client.ts';
import { testPassword } from '../../../test/support/factories/accounts.ts';
import { makeParty } from '../../../test/support/factories/ledger.ts';
import { makeAttempt } from '../../../test/support/factories/payments.ts';
import { makeMember, makeOrganization, makeReadyUser } from '../../../test/support/factories/profiles.ts';
import { tokenOf } from '../../../test/support/sign-in.ts';
import { startApp } from '../../../test/support/start-app.ts';
import { startStripeSite, type StripeSite } from '../../../test/support/stripe-site.ts';
import { setKey } from '../../commands/payments-setup.ts';
import { readStripeSettings } from '../../settings/stripe-settings.ts';
import { loadStripe } from '../processors/index.ts';

const url = '/api/billing/cowork/processor-keys';
const page = '/billing/cowork/bank/';
const second = 'rk_test_secondKeyOfSite';
const third = 'sk_test_thirdKeyOfSite';
const blind = 'rk_test_blindKeyOfSite';
const other_keys = ['sk_test_otherAccount', 'pk_test_otherAccount'] as const;

type Client = ReturnType<typeof apiClient>;

let site: StripeSite;
let lines = '';
const clients = {} as Record<'manager' | 'second_manager' | 'third_manager' | 'contributor' | 'seller', Client>;
before(async () => {
  const log = pino({ level: 'trace' }, { write: (line: string) => void (lines += line) });
  // The limits of this site are those of production.
  const config = { terms_required: false, throttle_factor: 1, token_lifetime_s: 31_536_000 };
  site = await startStripeSite(config, [second, third], log);
  const { app } = site;
  const broker = await findProfileBySlug(app.db, 'cowork');
  assert(broker);
  for (const [name, role] of [
    ['manager', 'manager'],
    ['second_manager', 'manager'],
    ['third_manager', 'manager'],
    ['contributor', 'contributor'],
  ] as const) {
    const user = await makeReadyUser(app.db, { username: name.replace('_', '-'), at: app.clock.now() });
    await makeMember(app.db, broker, user, role);
    clients[name] = apiClient(app, await tokenOf(app, user));
  }
  const seller = await makeReadyUser(app.db, { username: 'seller', at: app.clock.now() });
  await makeOrganization(app.db, { slug: 'club', manager: seller, is_provider: true });
  clients.seller = apiClient(app, await tokenOf(app, seller));
});
afterEach(() => site.emulator.control.clearFaults());
after(() => site.close());

const findRow = () => site.app.db.selectFrom('processor_keys').selectAll().executeTakeFirst();
const askedCount = () => site.emulator.control.requests().filter(({ path }) => path === '/v1/account').length;
const put = (body: object, client = clients.manager) => client('PUT', url, body);

/** Returns the messages by field of a refused request; fails unless nothing was stored. */
async function refusalOf(body: object, status = 400, client = clients.manager): Promise<Record<string, unknown>> {
  const before_row = await findRow();
  const reply = await put(body, client);
  assert.equal(reply.status, status, reply.text);
  assert.deepEqual(await findRow(), before_row);
  const given = Object.values(body).filter((value): value is string => typeof value === 'string' && value.length > 12);
  for (const key of given) assert(!reply.text.includes(key), reply.text);
  return reply.json();
}

async function signIn(username: string) {
  const browser = browserClient(site.app);
  await browser.get('/login/');
  await browser.post('/login/', { username, password: testPassword });
  return browser;
}

/** Text of the page from the keys to its end. */
const keysOf = (html: string) =>
  html
    .slice(html.indexOf('id="keys"'), html.indexOf('</main'))
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ');

test('the keys of the settings are shown by prefix and last four characters', async () => {
  const reply = await clients.manager('GET', url);
  assert.deepEqual(reply.json(), { secret_key: 'sk_test_…gate', publishable_key: 'pk_test_…gate', set_at: null });
});

test('malformed keys, wrong slots and another mode are refused together by field, and the processor is not asked', async () => {
  const before_count = askedCount();
  const swapped = await refusalOf({ secret_key: 'pk_test_ofTheOtherSlot', publishable_key: second });
  assert.match(String(swapped['secret_key']), /This is a publishable key/);
  assert.match(String(swapped['publishable_key']), /This is a secret or restricted key/);
  const live = await refusalOf({ secret_key: 'sk_live_ofTheOtherMode', publishable_key: 'pk_live_ofTheOtherMode' });
  for (const name of ['secret_key', 'publishable_key']) assert.match(String(live[name]), /of live mode/);
  const malformed = await refusalOf({ secret_key: 'my secret is long', publishable_key: 'and this is no key' });
  assert.deepEqual(Object.keys(malformed).toSorted(), ['code', 'publishable_key', 'secret_key']);
  assert('secret_key' in (await refusalOf({ secret_key: '' })));
  assert('secret_key' in (await refusalOf({ secret_key: `sk_test_${'x'.repeat(300)}` })));
  assert('secret_key' in (await refusalOf({})));
  assert.equal(askedCount(), before_count);
});

test('a key that the processor refuses, or that may not read its account, is not stored', async () => {
  const refused = await refusalOf({ secret_key: 'sk_test_unknownToStripe' });
  assert.match(String(refused['secret_key']), /Stripe refuses the key/);
  await site.act(`keys/${blind}`, { permissions: ['customer_read'] });
  assert.match(String((await refusalOf({ secret_key: blind }))['is_other_account']), /may not read its account/);
});

test('a processor that does not respond is 503, and nothing is stored', async () => {
  site.emulator.control.addFault({ name: 'cut_before', match: { path: '/v1/account' } });
  const body = await refusalOf({ secret_key: second }, 503);
  assert.equal(body['code'], 'processor_unreachable');
});

test('a new key is stored sealed, shown by its ends, and used by another node within five seconds', async (t) => {
  const { app } = site;
  const settings = readStripeSettings(app.config);
  assert(settings);
  const node = await loadStripe({ ...app, log: site.ctx.log, settings, app_version: '0' });
  assert(node.setup);
  let now_ms = Math.ceil(performance.now()); // whole, so that five seconds later is not a fraction less
  t.mock.method(performance, 'now', () => now_ms);
  const pub_key = () => node.browserKeys('')?.STRIPE_PUB_KEY;
  await node.setup.check(site.ctx.origin);
  assert.equal(pub_key(), 'pk_test_tollgate');

  const reply = await put({ secret_key: second, publishable_key: 'pk_test_secondKeyOfSite' });
  const shown = {
    secret_key: 'rk_test_…Site',
    publishable_key: 'pk_test_…Site',
    set_at: app.clock.now().toISOString(),
  };
  assert.deepEqual([reply.status, reply.json()], [200, shown], reply.text);
  assert.deepEqual((await clients.manager('GET', url)).json(), shown);
  const row = await findRow();
  assert(row?.secret_key.startsWith('v1.') && !JSON.stringify(row).includes(second));
  // This node uses it at once.
  assert.equal(site.ctx.processors.chosen.browserKeys('')?.STRIPE_PUB_KEY, 'pk_test_secondKeyOfSite');

  now_ms += 5000;
  await site.act('keys/sk_test_tollgate', { revoke: true });
  await node.setup.check(site.ctx.origin);
  assert.deepEqual([pub_key(), node.setup.isRefused()], ['pk_test_secondKeyOfSite', false]);
  await site.act('keys/sk_test_tollgate', {});
});

test('without a publishable key, the one in use is kept', async () => {
  for (const method of ['PUT', 'PATCH'] as const)
    assert.equal((await clients.manager(method, url, { secret_key: third })).status, 200);
  assert.equal((await findRow())?.publishable_key, 'pk_test_secondKeyOfSite');
  // A new publishable key alone may be of another account.
  const publishable_alone = await clients.manager('PATCH', url, { publishable_key: 'pk_test_anotherKey' });
  assert.deepEqual([publishable_alone.status, 'secret_key' in publishable_alone.json()], [400, true]);
});

test('only managers of the broker read and replace the keys, and other profiles have none', async () => {
  const before_row = await findRow();
  for (const client of [clients.contributor, clients.seller, apiClient(site.app)]) {
    const expected = client === clients.contributor || client === clients.seller ? 403 : 401;
    assert.equal((await client('GET', url)).status, expected);
    assert.equal((await put({ secret_key: second }, client)).status, expected);
    assert.equal((await client('PUT', url.replace('cowork', 'club'), { secret_key: second })).status, expected);
  }
  for (const method of ['GET', 'PUT'] as const)
    assert.equal((await clients.manager(method, url.replace('cowork', 'club'), { secret_key: second })).status, 404);
  const contributor = await signIn('contributor');
  const shown = await contributor.get(page);
  assert.equal(shown.status, 200);
  assert.doesNotMatch(shown.text, /_test_|id="keys"/);
  assert.equal((await contributor.post(page, { action: 'keys', secret_key: second })).status, 403);
  const seller = await signIn('seller');
  await seller.get('/billing/club/bank/');
  assert.equal((await seller.post('/billing/club/bank/', { action: 'keys', secret_key: second })).status, 404);
  assert.equal((await seller.post(page, { action: 'keys', secret_key: second })).status, 403);
  assert.deepEqual(await findRow(), before_row);
});

test('the page replaces the keys without scripts, and shows what is wrong and not the secret', async () => {
  const manager = await signIn('manager');
  const first = await manager.get(page);
  assert.match(keysOf(first.text), /Secret key sk_test_…Site Publishable key pk_test_…Site In use since Mar 10, 2026/);
  const [input = ''] = /<input[^>]*name="secret_key"[^>]*>/.exec(first.text) ?? [];
  assert.match(input, /type="password".*autocomplete="off"/);
  assert.match(input, /value=""/);

  const before_row = await findRow();
  const mistaken = await manager.post(page, {
    action: 'keys',
    secret_key: third,
    publishable_key: 'sk_test_wrongSlot',
  });
  assert.equal(mistaken.status, 400);
  assert.match(mistaken.text, /href="#id_publishable_key">Publishable key: This is a secret or restricted key/);
  assert(!mistaken.text.includes(third) && !mistaken.text.includes('sk_test_wrongSlot'));
  assert.equal((await manager.post(page, { action: 'keys' })).status, 400);
  site.emulator.control.addFault({ name: 'cut_before', match: { path: '/v1/account' } });
  const unreached = await manager.post(page, { action: 'keys', secret_key: second, publishable_key: 'pk_test_kept' });
  assert.equal(unreached.status, 503);
  assert.match(unreached.text, /does not respond\. Nothing was stored/);
  assert.match(unreached.text, /value="pk_test_kept"/);
  assert.deepEqual(await findRow(), before_row);
  site.emulator.control.clearFaults();

  site.advance(1000);
  const stored = await manager.post(page, { action: 'keys', secret_key: ` ${second} ` });
  assert.deepEqual([stored.status, stored.headers['location']], [303, page]);
  const shown = await manager.get(page);
  assert.match(shown.text, /The new key is stored\. Payments use it within 5 seconds\./);
  assert.match(keysOf(shown.text), /Secret key rk_test_…Site/);
  assert.notDeepEqual(await findRow(), before_row);
});

test('keys of another account need the confirmation and the publishable key of that account', async () => {
  const client = clients.third_manager;
  const former = (await site.client.accounts.retrieveCurrent()).id;
  site.emulator.control.reset('another-account');
  await site.act(`keys/${other_keys[0]}`, {});
  const [secret_key, publishable_key] = other_keys;
  const refused = await refusalOf({ secret_key }, 400, client);
  assert(String(refused['is_other_account']).includes(former), JSON.stringify(refused));
  assert.match(String(refused['publishable_key']), /of the other account too/);
  assert.deepEqual(Object.keys(await refusalOf({ secret_key, is_other_account: true }, 400, client)).toSorted(), [
    'code',
    'publishable_key',
  ]);
  assert('is_other_account' in (await refusalOf({ secret_key, publishable_key }, 400, client)));
  // A call without a known outcome is looked up with the keys in use.
  const [payer, provider] = [await makeParty(site.app.db), await makeParty(site.app.db)];
  const { attempt } = await makeAttempt(site.ctx, { payer, provider });
  const waiting = await refusalOf({ secret_key, publishable_key, is_other_account: true }, 400, client);
  assert.match(String(waiting['is_other_account']), /under way and can be looked up there only/);
  await site.app.db.updateTable('charge_attempts').set({ state: 'failed' }).where('id', '=', attempt.id).execute();
  const stored = await put({ secret_key, publishable_key, is_other_account: true }, client);
  assert.deepEqual([stored.status, stored.json()['secret_key']], [200, 'sk_test_…ount'], stored.text);
});

test('a manager asks the processor about ten keys in a quarter of an hour', async () => {
  const ask = () => put({ secret_key: 'sk_test_guessedKeyOfSite' }, clients.second_manager);
  for (let count = 0; count < 10; count += 1) assert.equal((await ask()).status, 400);
  const before_count = askedCount();
  const limited = await ask();
  assert.deepEqual([limited.status, limited.json()['code']], [429, 'too_many_requests']);
  assert.equal(askedCount(), before_count);
});

test('the log names who replaced the keys, and has no key in it, not even before keys are removed from it', () => {
  assert.match(lines, /the keys of the payment processor were replaced/);
  assert.doesNotMatch(lines, /(?:sk|rk|pk)_test_\w/);
});

test('a processor that has no keys is 404 processor_without_keys', async () => {
  const app = await startApp();
  try {
    const broker = await findProfileBySlug(app.db, 'cowork');
    assert(broker);
    const user = await makeReadyUser(app.db, { username: 'manager' });
    await makeMember(app.db, broker, user, 'manager');
    const client = apiClient(app, await tokenOf(app, user));
    for (const reply of [await client('GET', url), await client('PUT', url, { secret_key: second })])
      assert.deepEqual([reply.status, reply.json()['code']], [404, 'processor_without_keys']);
    await assert.rejects(setKey(await app.tollgate.makeContext('test'), second), /has no keys/);
  } finally {
    await app.close();
  }
});
