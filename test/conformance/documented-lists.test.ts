import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { inTransaction } from '#platform/db/database';
import { accounts, moveAmount, postEvent } from '#ledger';
import { findProfileBySlug, type Profile } from '#profiles';
import { openOrExtend } from '#subscriptions';
import { apiClient } from '../support/client.ts';
import { ordinaryDay, testContext } from '../support/context.ts';
import { testPassword } from '../support/factories/accounts.ts';
import { makeCoupon, makePlan } from '../support/factories/catalog.ts';
import { makeMember, makeOrganization, makeReadyUser } from '../support/factories/profiles.ts';
import { startApp, type TestApp } from '../support/start-app.ts';
import { tokenOf } from '../support/sign-in.ts';

interface DocumentedList {
  method: string;
  path: string;
  o: readonly string[];
  q_f: readonly string[];
}

const file = new URL('documented-fields.json', import.meta.url);
const documented: readonly Partial<DocumentedList>[] = JSON.parse(await readFile(file, 'utf8'));
const lists = documented.filter(
  (each): each is DocumentedList => each.method === 'GET' && each.o !== undefined && each.path !== undefined,
);

/** Text that occurs in a field of the rows made below and in no other field of theirs; names begin with `tok`. */
const words: Record<string, string> = {
  phone: '1415',
  street_address: 'streettok',
  locality: 'citytok',
  region: 'regiontok',
  postal_code: 'ziptok',
  country: 'fr',
  email: 'mailtok',
  full_name: 'lasttok',
  last_name: 'lasttok',
  first_name: 'firsttok',
  description: 'tok',
  title: 'titletok',
  amount: '1000',
  discount_type: 'percentage',
  processor_key: 'ch_',
  code: 'CODETOK',
  text: 'texttok',
  role: 'manager',
};

/** Columns that are equal or null in every row of a list, by the suffix of the paths of these lists. */
const flat: readonly (readonly [RegExp, RegExp])[] = [
  [/pricing$|plans$/, /^is_active$/],
  [/roles(\/\{role\})?$/, /^(profile__full_name|role__title|grant_key|request_key)$/],
  [/accessibles(\/\{role\})?$/, /^(user|user__full_name|role__title|grant_key|request_key)$/],
  [/coupons$/, /^(profile|profile__full_name|ends_at)$/],
  [/api-keys$/, /^ends_at$/],
  [/user\/\{user\}$/, /^username$/],
  [/receivables$/, /^(orig_|dest_account)/],
  [/transfers$/, /^(orig_|dest_)/],
  [/\{plan\}\/subscriptions/, /^plan/],
  [/\{profile\}\/subscriptions/, /^profile/],
  [/churned$|expired$/, /^created_at$/],
  // A balance that is paid; the list is that of the history.
  [/balance$/, /./],
];

let app: TestApp;
let donny: ReturnType<typeof apiClient>;
let tokuser: ReturnType<typeof apiClient>;

before(async () => {
  app = await startApp();
  const ctx = await testContext(app.db);
  const broker = await findProfileBySlug(app.db, 'cowork');
  assert.ok(broker);
  const manager = await makeReadyUser(app.db, { username: 'donny' });
  await makeMember(app.db, broker, manager, 'manager');
  donny = apiClient(app, await tokenOf(app, manager));

  const seller = await makeOrganization(app.db, { slug: 'tokseller', is_provider: true, email: 'mailtok@s.example' });
  const other = await makeOrganization(app.db, {
    slug: 'tokother',
    email: 'mailtok@o.example',
    at: new Date(ordinaryDay.getTime() - 5000),
  });
  for (const profile of ['tokseller', 'tokother'])
    await must(donny('PATCH', `/api/profile/${profile}`, { full_name: `The ${profile} lasttok` }));
  const at = (iso: string) => ({ ...ctx, clock: { ...ctx.clock, now: () => new Date(iso) } });
  const plan = await makePlan(ctx, { provider_id: seller.id, slug: 'tokplan', title: 'titletok plan' });
  const second = await makePlan(at('2026-03-10T14:00:00Z'), {
    provider_id: seller.id,
    slug: 'tokplan2',
    title: 'titletok second',
    period_amount: 1000,
  });
  const code = { profile_id: seller.id, description: 'tok', discount_value: 1000 };
  await makeCoupon(ctx, { ...code, code: 'CODETOK1' });
  await makeCoupon(at('2026-03-10T14:00:00Z'), {
    ...code,
    code: 'CODETOK2',
    description: 'tok2',
    discount_value: 2000,
    discount_type: 'currency',
  });
  // Takes nothing off: the amounts of the orders stay as they are.
  await makeCoupon(ctx, { ...code, code: 'CODETOK3', description: 'tok3', discount_value: 1 });
  for (const [index, username] of ['tokuser', 'tokother2', 'tokidle', 'tokidle2'].entries()) {
    const when = new Date(ordinaryDay.getTime() + index * 1000);
    const user = await makeReadyUser(app.db, {
      username,
      full_name: `Firsttok${index} Lasttok${index}`,
      email: `mailtok${index}@x.example`,
      personal: true,
      at: when,
    });
    const call = apiClient(app, await tokenOf(app, user));
    if (index === 0) tokuser = call;
    await app.db
      .updateTable('users')
      .set({ last_login_at: index < 2 ? app.clock.now() : null })
      .where('id', '=', user.id)
      .execute();
    const address = {
      phone: `+141555501${index}0`,
      street_address: `streettok ${index}`,
      locality: `citytok ${index}`,
      region: `regiontok ${index}`,
      postal_code: `ziptok${index}`,
      country: index % 2 === 0 ? 'FR' : 'DE',
    };
    await app.db.updateTable('profiles').set(address).where('slug', '=', username).execute();
    for (const [member, profile] of [seller, other].entries())
      await makeMember(app.db, profile, user, 'manager', new Date(when.getTime() + member * 1000));
    const profile = await findProfileBySlug(app.db, username);
    assert.ok(profile);
    for (const ended of [plan, second])
      await inTransaction(app.db, (tx) =>
        openOrExtend(tx, { profile_id: profile.id, plan: ended, periods_count: 1 + index, at: new Date('2025-01-01') }),
      );
    for (const bought of [plan, second]) {
      await must(call('POST', '/api/cart', { plan: bought.slug }));
      await must(call('POST', '/api/cart/redeem', { code: 'CODETOK3' }));
      await must(call('POST', `/api/billing/${username}/checkout`, { processor_token: 'tok_visa' }));
      app.clock.set(new Date(app.clock.now().getTime() + 60_000));
    }
    for (const bought of [plan, second]) {
      await must(call('POST', '/api/cart', { plan: bought.slug }));
      app.clock.set(new Date(app.clock.now().getTime() + 60_000));
    }
    await must(donny('POST', `/api/contacts/tokuser/activities`, { text: `texttok ${index}`, account: null }));
    await must(tokuser('POST', `/api/users/tokuser/api-keys`, { password: testPassword, title: `titletok ${index}` }));
    await must(donny('POST', `/api/agreements`, { title: `titletok ${index}` }));
    app.clock.set(new Date(app.clock.now().getTime() + 60_000));
    await must(donny('POST', `/api/profile/tokseller/roles/describe`, { title: `titletok ${index}` }));
  }
  await addFunnelAndDebts(seller);
});
after(() => app.close());

/** A user without a subscription, and customers with an unpaid order. */
async function addFunnelAndDebts(seller: Profile): Promise<void> {
  const name = { full_name: 'Firsttok9 Lasttok9', email: 'mailtok9@x.example' };
  await makeReadyUser(app.db, { username: 'tokfunnel', ...name });
  for (const slug of ['tokuser', 'tokother2']) {
    const customer = await findProfileBySlug(app.db, slug);
    assert.ok(customer);
    const order = moveAmount({
      from: { profile_id: seller.id, account: accounts.receivable },
      to: { profile_id: customer.id, account: accounts.payable },
      amount: 1000,
      unit: 'usd',
      subject: { kind: 'sub', id: `90${customer.id}`, part: '' },
      description: 'tok order',
    });
    const event = { key: `order:${slug}`, kind: 'order', at: ordinaryDay, entries: [order] };
    await inTransaction(app.db, (tx) => postEvent(tx, event));
  }
}

async function must(reply: Promise<{ status: number; text: string }>): Promise<void> {
  const { status, text } = await reply;
  assert.ok(status < 300, `${status} ${text}`);
}

function urlOf(path: string): string {
  const isSubscribers = /history|balance$|subscriptions\/expired|\{profile\}\/subscriptions$/.test(path);
  return path
    .replace('{profile}', isSubscribers ? 'tokuser' : 'tokseller')
    .replace('{user}', 'tokuser')
    .replace('{plan}', 'tokplan')
    .replace('{coupon}', 'CODETOK3')
    .replace('{role}', 'manager');
}

async function read(path: string, query: Record<string, string>): Promise<{ results: unknown[] }> {
  const call = path.includes('api-keys') ? tokuser : donny;
  const url = `${urlOf(path)}?${new URLSearchParams(query).toString()}`;
  const reply = await call('GET', url);
  assert.equal(reply.status, 200, `${url}: ${reply.text}`);
  return reply.json();
}

/** A field of a joined row has the words of its own kind: `profile__email` those of `email`. */
function wordOf(path: string, field: string): string {
  const kind = field.replace(/^(?:user|profile|customer|orig_profile|dest_profile)__/, '');
  if (kind === 'role__title') return 'profile man';
  if (kind === 'plan__title') return 'titletok';
  if (kind === 'slug' && /agreements|legal|describe/.test(path)) return 'titletok';
  if (path.endsWith('transfers') && !field.startsWith('dest_'))
    return { description: 'i', orig_profile: 'stripe' }[field] ?? 'processor';
  // The type-ahead returns no result for more than five candidates.
  if (/^\/api\/accounts(\/profiles)?$/.test(path) && !/phone|address|region|code|country|locality/.test(kind))
    return { slug: 'tokidle', username: 'tokidle', email: 'mailtok1' }[kind] ?? `${words[kind]}1`;
  return words[kind] ?? 'tok';
}

test('every field that a list documents for q_f finds the rows that have the text there', async () => {
  assert.ok(lists.length > 30);
  const missed: string[] = [];
  for (const { path, q_f } of lists) {
    for (const field of q_f) {
      if (path.endsWith('/balance')) continue;
      const word = wordOf(path, field);
      const found = (await read(path, { q: word, q_f: field })).results.length;
      const absent = (await read(path, { q: 'nowheretok', q_f: field })).results.length;
      if (found === 0 || absent > 0) missed.push(`${path}: ${field} for ${word} found ${found}, ${absent}`);
    }
  }
  assert.deepEqual(missed, []);
});

test('every field that a list documents for o sorts it, both ways', async () => {
  const unsorted: string[] = [];
  for (const { path, o } of lists) {
    for (const field of o) {
      const some = path.startsWith('/api/accounts') ? { q: 'tokidle' } : {};
      const up = (await read(path, { o: field, ...some })).results;
      const down = (await read(path, { o: `-${field}`, ...some })).results;
      if (flat.some(([list, column]) => list.test(path) && column.test(field))) continue;
      const isReversed = up.length >= 2 && JSON.stringify(up) !== JSON.stringify(down);
      if (!isReversed) unsorted.push(`${path}: ${field}, ${up.length} rows`);
    }
  }
  assert.deepEqual(unsorted, []);
});

test('an instant outside of the calendar is refused by every list and names the parameter', async () => {
  for (const { path } of lists) {
    for (const text of ['0001-01-01', '0000-00-00', '10000-01-01', '9999-12-31T23:59:59-12:00', '-000044-03-15']) {
      for (const name of ['start_at', 'ends_at']) {
        const call = path.includes('api-keys') ? tokuser : donny;
        const reply = await call('GET', `${urlOf(path)}?${name}=${encodeURIComponent(text)}`);
        assert.equal(reply.status, 400, `${path} ${name}=${text}: ${reply.text}`);
        assert.ok(Array.isArray(reply.json()[name]), reply.text);
      }
    }
  }
});

test('an instant outside of the calendar is refused in every body and report, and names the field', async () => {
  const subscription = '/api/profile/tokseller/plans/tokplan/subscriptions/tokuser';
  for (const [method, url, body, field] of [
    [
      'POST',
      '/api/billing/cowork/coupons',
      { code: 'LATE', discount_type: 'percentage', discount_value: 1 },
      'ends_at',
    ],
    ['PATCH', '/api/billing/tokseller/coupons/CODETOK1', {}, 'ends_at'],
    ['PUT', subscription, {}, 'ends_at'],
    ['PATCH', '/api/profile/tokuser/subscriptions/tokplan', {}, 'ends_at'],
    ['PUT', '/api/agreements/terms-of-use', { title: 'Terms of use' }, 'updated_at'],
    ['POST', '/api/agreements', { title: 'Other terms' }, 'updated_at'],
    ['POST', '/_dev/clock', {}, 'now'],
  ] as const) {
    for (const text of ['0001-01-01', '10000-01-01T00:00:00Z', '1899-12-31T23:59:59Z']) {
      const reply = await donny(method, url, { ...body, [field]: text });
      assert.equal(reply.status, 400, `${method} ${url} ${text}: ${reply.text}`);
      assert.ok(Array.isArray(reply.json()[field]), reply.text);
    }
  }
  const report = await donny('GET', '/api/metrics/balances/taxes?ends_at=0001-01-01');
  assert.deepEqual([report.status, report.json()['code']], [400, 'invalid_input']);
});

test('a subscription that ends with the calendar is not priced beyond it', async () => {
  const changed = { ends_at: '9999-12-31T00:00:00Z' };
  await must(donny('PATCH', '/api/profile/tokseller/plans/tokplan/subscriptions/tokuser', changed));
  const shown = await tokuser('GET', '/api/billing/tokuser/checkout');
  assert.deepEqual([shown.status, shown.json()['code']], [400, 'instant_out_of_range']);
});
