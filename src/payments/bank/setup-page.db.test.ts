import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { findProfileBySlug } from '#profiles';
import { browserClient } from '../../../test/support/client.ts';
import { testPassword } from '../../../test/support/factories/accounts.ts';
import { makeMember, makeReadyUser } from '../../../test/support/factories/profiles.ts';
import { startStripeSite, type StripeSite } from '../../../test/support/stripe-site.ts';
import { PAGE_WAIT_MS } from './view-setup.ts';

const url = '/billing/cowork/bank/';
const MINUTE_MS = 60_000;

let site: StripeSite;
let manager: ReturnType<typeof browserClient>;
let contributor: ReturnType<typeof browserClient>;
before(async () => {
  site = await startStripeSite({ terms_required: false, token_lifetime_s: 31_536_000 });
  manager = await signIn('bea', 'manager');
  contributor = await signIn('cora', 'contributor');
});
beforeEach(() => {
  site.emulator.control.clearFaults();
  site.advance(11 * MINUTE_MS);
});
after(() => site.close());

async function signIn(username: string, role: string) {
  const { app } = site;
  const broker = await findProfileBySlug(app.db, 'cowork');
  assert(broker);
  const user = await makeReadyUser(app.db, { username, at: app.clock.now() });
  await makeMember(app.db, broker, user, role);
  const browser = browserClient(app);
  await browser.get('/login/');
  await browser.post('/login/', { username, password: testPassword });
  return browser;
}

const textOf = (html: string) =>
  html
    .slice(html.indexOf('id="setup"'), html.indexOf('</main'))
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ');
const check = () => manager.post(url, { action: 'check' });
/** Questions about the permissions of the key, of which each check asks one. */
const checksCount = () => site.emulator.control.requests().filter(({ path }) => path === '/v1/application_fees').length;

test('the page of the broker shows account, mode, permissions, endpoints and what is missing, and no secret', async () => {
  const { status, text: html } = await manager.get(url);
  assert.equal(status, 200);
  const text = textOf(html);
  assert.match(text, /2 things to correct at the processor/);
  assert.match(text, /The platform endpoint \S+\/api\/stripe\/postevent is missing\./);
  assert.match(
    text,
    /Account .+, acct_\w+ Country and currency US, USD Mode Test: no money moves Permissions Complete/,
  );
  assert.match(text, /Messages about accounts of providers Not registered/);
  assert.match(text, /Checked Mar 10, 2026, /);
  assert.doesNotMatch(html, /(?:sk|rk)_test_\w|whsec/);
});

test('a report is shown for ten minutes, and a manager checks again; a contributor only reads', async () => {
  const shown = textOf((await manager.get(url)).text);
  const before_count = checksCount();
  await manager.get(url);
  assert.match(textOf((await contributor.get(url)).text), /Permissions Complete/);
  assert.equal(checksCount(), before_count);
  const [endpoint = ''] = /http:\S+\/postevent/.exec(shown) ?? [];
  await site.client.webhookEndpoints.create({ url: endpoint, enabled_events: ['*'] });
  const checked = await check();
  assert.equal(checked.status, 200);
  assert.equal(checksCount(), before_count + 1);
  assert.match(textOf(checked.text), /1 thing to correct.*Messages about this account Registered/);
  assert.doesNotMatch((await contributor.get(url)).text, /Check again/);
  assert.equal((await contributor.post(url, { action: 'check' })).status, 403);
});

test('a permission that the key lacks is named', async () => {
  site.emulator.control.addFault({
    name: '403',
    match: { path: '/v1/payouts' },
    values: { permission: 'payout_read' },
  });
  assert.match(textOf((await check()).text), /Permissions Missing: Payouts/);
});

test('a key that is refused is named', async () => {
  site.emulator.control.addFault({ name: '401' });
  assert.match(textOf((await check()).text), /The processor refuses the key of this site/);
});

test('a processor that does not respond delays the page by seconds at most; the last report and a message are shown', async () => {
  await check();
  site.advance(11 * MINUTE_MS);
  const before_count = site.emulator.control.requests().length;
  site.emulator.control.addFault({ name: 'timeout', values: { ms: '15000' } });
  const started = performance.now();
  const [page, again] = await Promise.all([manager.get(url), manager.get(url)]);
  const took_ms = performance.now() - started;
  assert(took_ms < PAGE_WAIT_MS + 3000, `${took_ms} ms`);
  for (const { status, text } of [page, again]) {
    assert.equal(status, 200);
    assert.match(textOf(text), /does not respond\. Payments may work all the same.*Permissions Complete Messages/);
  }
  // Both pages wait for one check.
  const asked = site.emulator.control.requests().slice(before_count);
  assert.equal(asked.filter(({ path }) => path === '/v1/customers').length, 1);
});

test('the page of a provider has no report', async () => {
  const { provider } = await site.makeProvider('club-of-setup');
  const owner = await makeReadyUser(site.app.db, { username: 'olga', at: site.app.clock.now() });
  const profile = await findProfileBySlug(site.app.db, 'club-of-setup');
  assert(profile && profile.id === provider);
  await makeMember(site.app.db, profile, owner, 'manager');
  const browser = browserClient(site.app);
  await browser.get('/login/');
  await browser.post('/login/', { username: 'olga', password: testPassword });
  const page = await browser.get('/billing/club-of-setup/bank/');
  assert.equal(page.status, 200);
  assert.doesNotMatch(page.text, /Connection of this site/);
});
