import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { findProfileBySlug } from './records/profile-store.ts';
import { apiClient, browserClient, signInBrowser } from '../../test/support/client.ts';
import { testPassword } from '../../test/support/factories/accounts.ts';
import { makeMember, makeOrganization, makeReadyUser } from '../../test/support/factories/profiles.ts';
import { tokenOf } from '../../test/support/sign-in.ts';
import { startApp, type TestApp } from '../../test/support/start-app.ts';

let app: TestApp;
before(async () => {
  app = await startApp();
});
after(() => app.close());

const signIn = (username: string) => signInBrowser(app, username, testPassword);

const registration = {
  full_name: 'Nora New',
  email: 'nora@x.example',
  username: 'nora',
  new_password: 'a fine long password',
  new_password2: 'a fine long password',
  'terms-of-use': '1',
};

test('a visitor who registers is redirected to next', async () => {
  const browser = browserClient(app);
  await browser.get('/register/?next=/pricing/');
  const empty = await browser.post('/register/?next=/pricing/', {});
  assert.equal(empty.status, 400);
  assert.match(empty.text, /This field is required/);
  const differs = await browser.post('/register/?next=/pricing/', {
    ...registration,
    new_password2: 'another password 1',
    'terms-of-use': '',
  });
  assert.match(differs.text, /The two passwords differ/);
  assert.match(differs.text, /accept the terms of use/);
  assert.match(differs.text, /value="nora@x.example"/, 'the form keeps the entered address');
  assert.doesNotMatch(differs.text, /a fine long password/, 'the form does not repeat the password');
  const done = await browser.post('/register/?next=/pricing/', registration);
  assert.deepEqual([done.status, done.headers['location']], [303, '/pricing/']);
  assert.equal((await browser.get('/profile/nora/contact/')).status, 200);
  assert.equal((await browser.get('/register/')).status, 302, 'a signed-in user is redirected');
});

test('a form without a CSRF token is refused', async () => {
  const reply = await app.http.inject({
    method: 'POST',
    url: '/register/',
    headers: { accept: 'text/html', 'content-type': 'application/x-www-form-urlencoded' },
    payload: new URLSearchParams(registration).toString(),
  });
  assert.equal(reply.statusCode, 403);
});

test('next never redirects to another site', async () => {
  for (const next of ['////evil.example', '/\\evil.example', 'https://evil.example/a', '/%2F%2Fevil.example']) {
    const browser = browserClient(app);
    const url = `/register/?next=${encodeURIComponent(next)}`;
    await browser.get(url);
    const username = `n${Math.random().toString(36).slice(2, 10)}`;
    const done = await browser.post(url, { ...registration, username, email: `${username}@x.example` });
    assert.deepEqual([done.status, done.headers['location']], [303, '/app/'], next);
  }
});

test('managers change the contact details, contributors read them', async () => {
  const manager = await makeReadyUser(app.db, { username: 'mia' });
  const acme = await makeOrganization(app.db, { slug: 'acme', manager });
  const reader = await makeReadyUser(app.db, { username: 'rita' });
  await makeMember(app.db, acme, reader, 'contributor');
  const mia = await signIn('mia');
  const page = await mia.get('/profile/acme/contact/');
  assert.match(page.text, /name="street_address"/);
  const form = { full_name: 'Acme & Sons', email: 'a@acme.example', default_timezone: 'Europe/Paris', country: 'FR' };
  const wrong = await mia.post('/profile/acme/contact/', { ...form, email: 'nonsense' });
  assert.equal(wrong.status, 400);
  assert.match(wrong.text, /Enter an e-mail address/);
  const saved = await mia.follow(await mia.post('/profile/acme/contact/', form));
  assert.match(saved.text, /Acme &amp; Sons/);
  assert.match(saved.text, /Profile was updated/);
  const rita = await signIn('rita');
  assert.doesNotMatch((await rita.get('/profile/acme/contact/')).text, /name="street_address"/);
  assert.equal((await rita.post('/profile/acme/contact/', form)).status, 403);
});

test('a manager invites, accepts and removes members on the page', async () => {
  const manager = await makeReadyUser(app.db, { username: 'max' });
  await makeOrganization(app.db, { slug: 'crew', manager });
  const max = await signIn('max');
  assert.equal((await max.get('/profile/crew/roles/contributor/')).status, 200);
  const unknown = await max.post('/profile/crew/roles/contributor/', {
    action: 'invite',
    email: 'new@crew.example',
    role: 'contributor',
  });
  assert.equal(unknown.status, 404);
  assert.match(unknown.text, /No account has this address/);
  const invited = await max.post('/profile/crew/roles/contributor/', {
    action: 'invite',
    email: 'new@crew.example',
    role: 'contributor',
    full_name: 'New One',
    force: '1',
  });
  assert.equal(invited.status, 303, invited.text.slice(0, 300));
  await makeReadyUser(app.db, { username: 'asker' });
  const asker = await signIn('asker');
  await asker.get('/users/asker/roles/');
  assert.equal((await asker.post('/users/asker/roles/', { action: 'request', profile: 'crew' })).status, 303);
  assert.match((await max.get('/profile/crew/roles/')).text, /Asked to join/);
  assert.equal(
    (await max.post('/profile/crew/roles/', { action: 'accept', role: 'contributor', user: 'asker' })).status,
    303,
  );
  assert.equal((await asker.get('/profile/crew/contact/')).status, 200);
  assert.equal(
    (await max.post('/profile/crew/roles/', { action: 'remove', role: 'contributor', user: 'asker' })).status,
    303,
  );
  assert.equal((await asker.get('/profile/crew/contact/')).status, 403);
  const last = await max.post('/profile/crew/roles/', { action: 'remove', role: 'manager', user: 'max' });
  assert.equal(last.status, 409);
  assert.match(last.text, /must keep at least one manager/);
});

test('only the invited user accepts, by the button; opening the link of an invitation changes nothing', async () => {
  const manager = await makeReadyUser(app.db, { username: 'ivo' });
  const team = await makeOrganization(app.db, { slug: 'team', manager });
  await makeReadyUser(app.db, { username: 'guest' });
  await makeReadyUser(app.db, { username: 'snoop' });
  const api = apiClient(app, await tokenOf(app, manager));
  const { grant_key } = (await api('POST', `/api/profile/${team.slug}/roles/contributor`, { slug: 'guest' })).json<{
    grant_key: string;
  }>();
  const url = `/users/roles/accept/${grant_key}/`;

  const anonymous = await browserClient(app).get(url);
  assert.equal(anonymous.status, 302);
  assert.equal(
    anonymous.headers['location'],
    `/login/?next=${encodeURIComponent(url)}`,
    'the page contains no activation key',
  );
  const snoop = await signIn('snoop');
  assert.equal((await snoop.get(url)).status, 404);
  assert.equal((await snoop.post(url, {})).status, 404);
  const guest = await signIn('guest');
  const page = await guest.get(url);
  assert.equal(page.status, 200);
  assert.match(page.text, /The team invites you/);
  assert.equal((await guest.get('/profile/team/contact/')).status, 403, 'not yet');
  assert.equal((await guest.post(url, {})).headers['location'], '/app/team/');
  assert.equal((await guest.get('/profile/team/contact/')).status, 200);
  assert.equal((await guest.post(url, {})).status, 404, 'once');
});

test('a user accepts, leaves and creates organizations on the page of own roles', async () => {
  const manager = await makeReadyUser(app.db, { username: 'oto' });
  await makeOrganization(app.db, { slug: 'club', manager });
  await makeReadyUser(app.db, { username: 'pia' });
  const api = apiClient(app, await tokenOf(app, manager));
  await api('POST', '/api/profile/club/roles/contributor', { slug: 'pia' });
  const pia = await signIn('pia');
  assert.match((await pia.get('/users/pia/roles/')).text, /Invited/);
  assert.equal(
    (await pia.post('/users/pia/roles/', { action: 'accept', profile: 'club', role: 'contributor' })).status,
    303,
  );
  assert.equal((await pia.get('/profile/club/contact/')).status, 200);
  assert.equal(
    (await pia.post('/users/pia/roles/', { action: 'leave', profile: 'club', role: 'contributor' })).status,
    303,
  );
  assert.equal((await pia.get('/profile/club/contact/')).status, 403);
  assert.equal((await pia.post('/users/pia/roles/', { action: 'create', full_name: 'Pia Works' })).status, 303);
  assert.match((await pia.get('/users/pia/roles/')).text, /Pia Works/);
  assert.equal((await pia.get('/users/oto/roles/')).status, 403);
});

test('a user who signs the terms is redirected to next', async () => {
  await makeReadyUser(app.db, { username: 'tess', signed: false, personal: true });
  const tess = await signIn('tess');
  const stopped = await tess.get('/profile/tess/contact/');
  assert.deepEqual(
    [stopped.status, stopped.headers['location']],
    [302, '/legal/terms-of-use/sign/?next=%2Fprofile%2Ftess%2Fcontact%2F'],
  );
  const page = await tess.follow(stopped);
  assert.match(page.text, /name="read_terms"/);
  const signUrl = String(stopped.headers['location']);
  const declined = await tess.post(signUrl, {});
  assert.equal(declined.status, 400);
  assert.equal((await tess.post(signUrl, { read_terms: '1' })).headers['location'], '/profile/tess/contact/');
  assert.equal((await tess.get('/profile/tess/contact/')).status, 200);
  assert.match((await tess.get('/legal/')).text, /Terms of Use/);
  assert.equal((await tess.get('/legal/terms-of-use/')).status, 200);
  assert.equal((await tess.get('/legal/nothing/')).status, 404);
});

test('a URL without a profile redirects to the only one, shows a choice, or creates the first', async () => {
  await makeReadyUser(app.db, { username: 'zoe' });
  const zoe = await signIn('zoe');
  const first = await zoe.get('/profile/');
  assert.match(first.text, /Create your first profile/);
  const made = await zoe.post('/profile/?next=/profile/:profile/roles/', { full_name: 'Zoe Studio' });
  assert.deepEqual([made.status, made.headers['location']], [303, '/profile/zoe-studio/roles/']);
  assert.equal((await zoe.get('/billing/')).headers['location'], '/billing/zoe-studio/history/');
  assert.equal((await zoe.get('/profile/?next=%2Fapp%2F%3Aprofile%2Fx')).headers['location'], '/app/zoe-studio/x');
  await zoe.post('/profile/', { full_name: 'Zoe Second' });
  const choice = await zoe.get('/profile/');
  assert.equal(choice.status, 200);
  assert.match(choice.text, /href="\/profile\/zoe-second\/contact\/"/);
});

test('the search among profiles opens the only match, lists several, and names the text without a match', async () => {
  const user = await makeReadyUser(app.db, { username: 'ines' });
  for (const slug of ['north-1', 'north-2', 'south']) await makeOrganization(app.db, { slug, manager: user });
  const ines = await signIn('ines');
  const one = await ines.get('/profile/?q=SOUTH');
  assert.deepEqual([one.status, one.headers['location']], [302, '/profile/south/contact/']);
  const two = await ines.get('/profile/?q=north');
  assert.equal(two.status, 200);
  const main = two.text.slice(two.text.indexOf('<main'));
  assert.match(main, /north-1[^]*north-2/);
  assert.doesNotMatch(main, /south/);
  assert.match((await ines.get('/profile/?q=%25')).text, /No profile matches “%”/);
});

test('the menu shows the signed-in user and the profiles of the user', async () => {
  const visitor = await browserClient(app).get('/pricing/');
  assert.doesNotMatch(visitor.text, /zoe-studio/);
  const zoe = await signIn('zoe');
  assert.match((await zoe.get('/pricing/')).text, /Zoe Studio/);
});

test('only broker managers see the flags of providers and bulk buyers', async () => {
  const operator = await makeReadyUser(app.db, { username: 'boss' });
  const broker = await findProfileBySlug(app.db, 'cowork');
  assert.ok(broker);
  await makeMember(app.db, broker, operator, 'manager');
  await makeOrganization(app.db, { slug: 'shop', manager: operator });
  const boss = await signIn('boss');
  const page = await boss.get('/profile/shop/contact/');
  assert.match(page.text, /name="is_provider"/);
  const form = { full_name: 'Shop', email: 's@shop.example', default_timezone: 'UTC', is_provider: '1' };
  await boss.post('/profile/shop/contact/', form);
  assert.equal((await findProfileBySlug(app.db, 'shop'))?.is_provider, true);
});

test('a visitor sends a message with the contact form', async () => {
  const visitor = browserClient(app);
  await visitor.get('/contact/');
  assert.equal((await visitor.post('/contact/', { full_name: 'Joe', email: 'joe@x.example' })).status, 400);
  const sent = await visitor.post('/contact/', { full_name: 'Joe', email: 'joe@x.example', message: 'Hello' });
  assert.equal(sent.status, 200);
  assert.match(sent.text, /on its way/);
});

test('a member of one profile is redirected to it despite pending invitations and requests', async () => {
  const member = await makeReadyUser(app.db, { username: 'olga', personal: true });
  const call = apiClient(app, await tokenOf(app, await makeReadyUser(app.db, { username: 'inviter' })));
  const olga = apiClient(app, await tokenOf(app, member));
  // More rows than a menu or a chooser shows: pending rows must not displace the accepted one.
  for (let index = 0; index < 101; index += 1) {
    const slug = `a-inviting-${index}`;
    await call('POST', '/api/users/inviter/profiles', { full_name: `A inviting ${index}`, slug });
    assert.equal((await call('POST', `/api/profile/${slug}/roles/manager`, { slug: 'olga' })).status, 201);
  }
  const asked = await makeOrganization(app.db, { slug: 'asked' });
  assert.equal((await olga('POST', '/api/users/olga/accessibles', { slug: asked.slug })).status, 201);

  const browser = await signIn('olga');
  for (const [path, location] of [
    ['/billing/cart/?plan=basic', '/billing/olga/cart/?plan=basic'],
    ['/billing/', '/billing/olga/history/'],
    ['/profile/?next=/billing/:profile/cart/', '/billing/olga/cart/'],
  ] as const) {
    const response = await browser.get(path);
    assert.deepEqual([response.status, response.headers['location']], [302, location], path);
  }
  const page = await browser.get('/users/olga/roles/');
  assert.match(page.text, /tg-menu-panel[^]*href="\/billing\/olga\/history\/"/, 'the menu shows the accepted profile');
});
