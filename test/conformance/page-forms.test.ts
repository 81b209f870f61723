import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { inTransaction } from '#platform/db/database';
import { findProfileBySlug } from '#profiles';
import { openOrExtend } from '#subscriptions';
import { testContext } from '../support/context.ts';
import { makePlan } from '../support/factories/catalog.ts';
import { makeParkedMessage } from '../support/factories/payments.ts';
import { makeOrganization, makeReadyUser } from '../support/factories/profiles.ts';
import { type DemoApp, startDemoApp } from '../support/start-demo-app.ts';

/** Values for the parameters of routes in the sample data; each is tried. */
const values: Readonly<Record<string, readonly string[]>> = {
  profile: ['xia', 'cowork', 'gymclub'],
  user: ['xia', 'donny', 'alice'],
  account: ['xia', 'cowork'],
  selector: ['Funds'],
  slug: ['order_executed'],
  charge: ['ch_XAb124EF'],
  plan: ['open-space', 'gym-pass'],
  subscriber: ['xia'],
  coupon: ['DIS50'],
  role: ['manager'],
  tag: ['billing'],
  agreement: ['terms-of-use'],
  rule: ['1', '2'],
  cartitem_id: ['1', '2', '3', '4'],
  event_key: ['evt_parked'],
};

/**
 * A visitor, a subscriber, a manager of the broker, a contributor of the broker, who reads and changes nothing, and a
 * manager of another provider, to whose plan the subscriber subscribes.
 */
const callers = [null, 'xia', 'donny', 'alice', 'gina'] as const;

interface OpenedPage {
  caller: string | null;
  route: string;
  url: string;
  html: string;
}

let app: DemoApp;
const headers_of = new Map<string | null, Record<string, string>>([[null, {}]]);
const opened: OpenedPage[] = [];
before(async () => {
  app = await startDemoApp();
  await makeProvider();
  await makeParkedMessage(app, { event_key: 'evt_parked' });
  const routes = app.http.routeList.filter(
    ({ method, page, passthrough, url }) => method === 'GET' && page && !passthrough && !url.startsWith('/_dev/'),
  );
  for (const caller of callers) {
    if (caller !== null) headers_of.set(caller, { authorization: `Bearer ${await app.signIn(caller)}` });
    if (caller !== null) await putInCart(caller); // the pages of an order have their forms only then
    for (const { url: route } of routes) for (const url of addressesOf(route)) await open(caller, route, url);
  }
});
after(() => app.close());

/** Makes gymclub, managed by gina, with the plan gym-pass, to which xia subscribes. */
async function makeProvider(): Promise<void> {
  const { db, clock } = app;
  const ctx = await testContext(db, { now: clock.now() });
  const manager = await makeReadyUser(db, { username: 'gina' });
  const gym = await makeOrganization(db, { slug: 'gymclub', manager, is_provider: true });
  const plan = await makePlan(ctx, { provider_id: gym.id, title: 'Gym pass' });
  const subscriber = await findProfileBySlug(db, 'xia');
  assert.ok(subscriber);
  await inTransaction(db, (tx) =>
    openOrExtend(tx, { profile_id: subscriber.id, plan, periods_count: 1, at: clock.now() }),
  );
}

async function putInCart(caller: string): Promise<void> {
  const request = { method: 'POST', url: '/api/cart', headers: headersOf(caller), payload: { plan: 'basic' } } as const;
  assert.equal((await app.http.inject(request)).statusCode, 201);
}

function headersOf(caller: string | null): Record<string, string> {
  return headers_of.get(caller) ?? {};
}

/** Returns the addresses of a route with each value of its parameters; none if a value is unknown. */
function addressesOf(route: string): string[] {
  return [...route.matchAll(/:([A-Za-z_]+)(?:\([^)]*\))?/g)].reduce<string[]>(
    (urls, [parameter, name = '']) =>
      urls.flatMap((url) => (values[name] ?? []).map((value) => url.replace(parameter, value))),
    [route],
  );
}

async function open(caller: string | null, route: string, url: string): Promise<void> {
  const reply = await app.http.inject({ method: 'GET', url, headers: { accept: 'text/html', ...headersOf(caller) } });
  const is_page = reply.statusCode === 200 && String(reply.headers['content-type']).startsWith('text/html');
  if (is_page) opened.push({ caller, route, url, html: reply.body });
}

/** Returns the values of an attribute of the tags that a pattern finds, without duplicates. */
function attributesOf(html: string, tag: RegExp, name: string): (string | undefined)[] {
  const found = [...html.matchAll(tag)].map(([text]) => new RegExp(` ${name}="([^"]*)"`).exec(text)?.[1]);
  return [...new Set(found)].map((value) => value?.replaceAll('&amp;', '&'));
}

test('every form of a page is admitted when the caller who sees it submits it', async () => {
  const refused: string[] = [];
  let forms_count = 0;
  for (const { caller, url, html } of opened) {
    for (const action of attributesOf(html, /<form\b[^>]*\bmethod="post"[^>]*>/g, 'action')) {
      forms_count += 1;
      // The guard decides before the body is read; a body of this type is refused after it.
      const posted = await app.http.inject({
        method: 'POST',
        url: action ?? url,
        headers: { accept: 'application/json', 'content-type': 'application/octet-stream', ...headersOf(caller) },
        payload: 'x',
      });
      if (posted.statusCode !== 415) refused.push(`${caller} ${url}: POST ${action ?? url} ${posted.statusCode}`);
    }
  }
  assert.deepEqual(refused, []);
  assert.ok(forms_count > 200, String(forms_count));
});

test('every link of a page leads to a page that admits the signed-in caller', async () => {
  const seen = new Map<string, number>();
  const refused: string[] = [];
  for (const { caller, url, html } of opened.filter(({ caller }) => caller !== null)) {
    for (const href of attributesOf(html, /<a\b[^>]*>/g, 'href')) {
      if (!href?.startsWith('/') || href.startsWith('/app/') || href.startsWith('/static/')) continue;
      const address = href.replace(/[?#].*$/, '');
      // Links that differ in their queries only are followed once, with the first query: some pages require one.
      const key = `${caller} ${address}`;
      if (!seen.has(key)) {
        const headers = { accept: 'text/html', ...headersOf(caller) };
        const target = href.replace(/#.*$/, '');
        seen.set(key, (await app.http.inject({ method: 'GET', url: target, headers })).statusCode);
      }
      const status = seen.get(key) ?? 0;
      if (status >= 400) refused.push(`${caller} ${url}: ${address} ${status}`);
    }
  }
  assert.deepEqual(refused, []);
  assert.ok(seen.size > 200, String(seen.size));
});

test('pages that are a form were opened by one of the callers', () => {
  const known = new Set(opened.map(({ route }) => route));
  for (const route of [
    '/proxy/rules/new/',
    '/billing/:profile/checkout/',
    '/billing/:profile/card/',
    '/profile/:profile/plans/new/',
    '/site/jobs/messages/:event_key/ignore/',
  ])
    assert.ok(known.has(route), route);
});
