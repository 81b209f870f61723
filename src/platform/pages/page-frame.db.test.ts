import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { User } from '#accounts';
import { inTransaction } from '#platform/db/database';
import { findProfileBySlug } from '#profiles';
import { openOrExtend } from '#subscriptions';
import { countStatements } from '../../../bench/statement-count.ts';
import { withoutCounts } from '../../../test/support/page-statements.ts';
import { browserClient } from '../../../test/support/client.ts';
import { testContext } from '../../../test/support/context.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { makeMember, makeOrganization, makeReadyUser } from '../../../test/support/factories/profiles.ts';
import { tokenOf } from '../../../test/support/sign-in.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

let app: TestApp;
let users: Record<'xia' | 'provider' | 'broker' | 'contributor', User>;

before(async () => {
  app = await startApp();
  const { db } = app;
  const ctx = await testContext(db);
  const user = (username: string) => makeReadyUser(db, { username });
  users = {
    xia: await user('xia'),
    provider: await user('provider-manager'),
    broker: await user('broker-manager'),
    contributor: await user('broker-contributor'),
  };
  const broker = await findProfileBySlug(db, 'cowork');
  assert.ok(broker);
  await makeMember(db, broker, users.broker, 'manager');
  await makeMember(db, broker, users.contributor, 'contributor');
  const acme = await makeOrganization(db, { slug: 'acme', manager: users.xia });
  const prov = await makeOrganization(db, { slug: 'prov', manager: users.provider, is_provider: true });
  const plan = await makePlan(ctx, { provider_id: prov.id, slug: 'basic' });
  const at = app.clock.now();
  await inTransaction(db, (tx) => openOrExtend(tx, { profile_id: acme.id, plan, periods_count: 1, at }));
});
after(() => app.close());

async function open(user: User | null, url: string): Promise<string> {
  const authorization = user === null ? {} : { authorization: `Bearer ${await tokenOf(app, user)}` };
  const reply = await app.http.inject({ url, headers: { accept: 'text/html', ...authorization } });
  assert.equal(reply.statusCode, 200, `${url}: ${reply.body.slice(0, 300)}`);
  return reply.body;
}

/** Returns the links of the side menu as `label path`, the current one with a star. */
function menuOf(html: string): string[] {
  const nav = /<nav class="tg-side"[\s\S]*?<\/nav>/.exec(html)?.[0] ?? '';
  const links = nav.matchAll(
    /<a href="([^"]+)"( aria-current="page")?><svg [^>]*><use [^>]*><\/svg><span>([^<]+)<\/span>/g,
  );
  return [...links].map(([, href, current, label]) => `${label} ${href}${current === undefined ? '' : ' *'}`);
}

test('a manager of a subscriber sees its menu in the portal', async () => {
  const html = await open(users.xia, '/billing/acme/history/');
  assert.match(html, /class="tg-frame tg-with-sidebar"/);
  assert.deepEqual(menuOf(html), [
    'Plan and billing /billing/acme/history/ *',
    'Subscriptions /profile/acme/subscriptions/',
    'Payment card /billing/acme/card/',
    'People and roles /profile/acme/roles/',
    'Profile /profile/acme/contact/',
    'Open the application /app/acme/',
  ]);
  assert.doesNotMatch(html, /Acting for another profile/);
  assert.match(html, /aria-label="Account of [^"]+"/);
});

test('a provider sees the console, and only pages that its role may open', async () => {
  const html = await open(users.provider, '/profile/prov/roles/');
  assert.match(html, /class="tg-console"/);
  const menu = menuOf(html);
  assert.ok(menu.includes('People and roles /profile/prov/roles/ *'), menu.join('\n'));
  assert.ok(!menu.some((entry) => /Access rules|\/billing\/charges\//.test(entry)), menu.join('\n'));
  assert.ok(menu.includes('Charges /billing/prov/charges/'), 'its own charges');
  assert.ok(menu.includes('Plan and billing /billing/prov/history/'), 'what the provider buys');
});

test('a provider and the broker see a banner on pages of a subscriber, with a way back', async () => {
  const seen = await open(users.provider, '/billing/acme/history/');
  assert.match(
    seen,
    /<aside class="tg-banner" aria-label="Acting for another profile">[\s\S]*?<b dir="auto">The acme<\/b>/i,
  );
  assert.match(seen, /of <span dir="auto">The prov<\/span>/i);
  assert.match(seen, /href="\/profile\/acme\/contact\/">/);
  assert.match(await open(users.broker, '/billing/acme/history/'), /Acting for another profile/);
  assert.doesNotMatch(await open(users.broker, '/profile/cowork/roles/'), /Acting for another profile/);
  assert.doesNotMatch(await open(users.provider, '/billing/prov/history/'), /Acting for another profile/);
});

test('a visitor sees no menu and can sign in', async () => {
  const html = await open(null, '/pricing/');
  assert.equal(menuOf(html).length, 0);
  assert.match(html, /href="\/login\/"/);
  assert.doesNotMatch(html, /Account of/);
});

test('a page whose facts are in memory has no statement for its frame', { skip: withoutCounts }, async () => {
  await open(users.xia, '/legal/');
  const authorization = `Bearer ${await tokenOf(app, users.xia)}`;
  const send = () => app.http.inject({ url: '/users/xia/roles/', headers: { accept: 'text/html', authorization } });
  await send();
  await send();
  const { statements } = await countStatements(send);
  assert.ok(statements.length > 0, 'the statements of the page are counted');
  assert.ok(!statements.some((text) => /held as materialized|row_number\(\)/.test(text)), statements.join('\n'));
});

test('the frame shows a new name of a profile and a new role in the next request', async () => {
  const acme = await findProfileBySlug(app.db, 'acme');
  assert.ok(acme);
  await open(users.xia, '/billing/acme/history/');
  await app.db.updateTable('profiles').set({ full_name: 'Acme & Sons' }).where('id', '=', acme.id).execute();
  assert.match(
    await open(users.xia, '/billing/acme/history/'),
    /<nav class="tg-side" [^>]*aria-label="Acme &amp; Sons"/,
  );
  assert.match(await open(users.contributor, '/profile/acme/contact/'), /Acting for another profile/);
  await makeMember(app.db, acme, users.contributor, 'contributor');
  assert.doesNotMatch(await open(users.contributor, '/profile/acme/contact/'), /Acting for another profile/);
});

test('the choice of colours is stored in a cookie and printed by the server; other values follow the system', async () => {
  const browser = browserClient(app);
  assert.doesNotMatch((await browser.get('/pricing/')).text, /data-bs-theme/);
  const chosen = await browser.post('/colours/', { colours: 'dark', next: '/legal/' });
  assert.equal(chosen.status, 303);
  assert.equal(chosen.headers['location'], '/legal/');
  assert.match((await browser.follow(chosen)).text, /<html lang="en" data-bs-theme="dark">/);
  const elsewhere = await browser.post('/colours/', { colours: 'purple', next: 'https://example.com/' });
  assert.equal(elsewhere.headers['location'], '/');
  assert.doesNotMatch((await browser.get('/pricing/')).text, /data-bs-theme/);
});
