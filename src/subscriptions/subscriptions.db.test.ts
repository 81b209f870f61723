import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { findUserByEmail } from '#accounts';
import { Problem } from '#kernel/problem';
import { inTransaction } from '#platform/db/database';
import { findProfileBySlug, findManagerIds } from '#profiles';
import { signedIn, testContext, type TestContext } from '../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import { eventsNamed, makeUser } from '../../test/support/factories/accounts.ts';
import { makePlan, reread } from '../../test/support/factories/catalog.ts';
import { makePerson, makeSeller, subscribe, type Person } from '../../test/support/factories/subscriptions.ts';
import { acceptGrant, acceptRequest } from './accept-subscription.ts';
import { changeSubscription } from './change-subscription.ts';
import { endAllOfProfile, unsubscribe } from './end-subscription.ts';
import { grantSubscription } from './grant-subscription.ts';
import { listSubscribers } from './list-subscribers.ts';
import { listSubscriptions, type Span, type Whose } from './list-subscriptions.ts';
import { openOrExtend } from './open-or-extend.ts';
import { addRolloverQuota, recordUses } from './record-uses.ts';
import { entitlementsOf, providersOf } from './entitlement-store.ts';
import {
  findActiveSubscription,
  findSubscription,
  findSubscriptionsByIds,
  findSubscriptionsOf,
  insertSubscription,
} from './subscription-store.ts';
import { isAgreed } from './subscription.ts';

let database: TestDatabase;
let seed: TestContext;

before(async () => {
  database = await openTestDatabase();
  seed = await testContext(database.db);
});
after(() => database.close());

/** A caller with a clock of the test's own. */
async function as(person: Person | null, now?: Date): Promise<TestContext> {
  return testContext(database.db, { ...(person ? { actor: signedIn(person.user) } : {}), ...(now ? { now } : {}) });
}

const refused = (code: string, field?: string) => (error: unknown) =>
  error instanceof Problem &&
  error.code === code &&
  (field === undefined || Object.keys(error.fields ?? {}).includes(field));

const list = { page: 1, page_size: 100, terms: [], fields: [], order: [], start_at: null, ends_at: null };
const url = new URL('http://cowork.test/');

async function listed(whose: Whose, span: Span, at: Date, bounds: Partial<typeof list> = {}): Promise<number[]> {
  const page = await listSubscriptions(database.db, whose, { span, at }, { ...list, ...bounds }, url);
  return page.results.map(({ id }) => id);
}

test('B14: a subscription begins at the very instant that it was ordered', async () => {
  const plan = await makePlan(seed);
  const { profile } = await makePerson(database.db);
  const at = new Date('2026-01-31T10:00:00.123Z');
  const opened = await inTransaction(database.db, (tx) =>
    openOrExtend(tx, { profile_id: profile.id, plan, periods_count: 1, at }),
  );
  assert.deepEqual(opened.subscription.created_at, at);
  assert.equal(opened.subscription.ends_at.toISOString(), '2026-02-28T10:00:00.123Z');
  assert.deepEqual([opened.covers_from, opened.covers_to], [at, opened.subscription.ends_at]);
  assert.equal(opened.subscription.auto_renew, true);
});

test('C7, B6: ordering again extends from the end, on the day that the subscription began', async () => {
  const plan = await makePlan(seed);
  const { profile } = await makePerson(database.db);
  const order = async (at: string, periods_count = 1) =>
    inTransaction(database.db, (tx) =>
      openOrExtend(tx, { profile_id: profile.id, plan, periods_count, at: new Date(at) }),
    );
  const first = await order('2026-01-31T10:00:00Z');
  const second = await order('2026-02-10T00:00:00Z');
  const third = await order('2026-02-11T00:00:00Z', 2);
  assert.equal(second.subscription.id, first.subscription.id);
  assert.deepEqual(second.covers_from, first.covers_to);
  assert.equal(second.covers_to.toISOString(), '2026-03-31T10:00:00.000Z');
  assert.equal(third.covers_to.toISOString(), '2026-05-31T10:00:00.000Z');
});

test('[BUG] a plan of two years is extended by two years', async () => {
  const plan = await makePlan(seed, { period_type: 'yearly', period_length: 2 });
  const { profile } = await makePerson(database.db);
  const { covers_to } = await inTransaction(database.db, (tx) =>
    openOrExtend(tx, {
      profile_id: profile.id,
      plan,
      periods_count: plan.period_length,
      at: new Date('2026-01-31T10:00:00Z'),
    }),
  );
  assert.equal(covers_to.toISOString(), '2028-01-31T10:00:00.000Z');
});

test('subscribing again after the end opens a new subscription', async () => {
  const plan = await makePlan(seed);
  const { profile } = await makePerson(database.db);
  const ctx = await as(null);
  const first = await subscribe(ctx, profile, plan);
  ctx.clock.set(first.ends_at);
  const second = await subscribe(ctx, profile, plan);
  assert.notEqual(second.id, first.id);
  assert.deepEqual(second.created_at, first.ends_at);
  assert.equal((await findSubscriptionsOf(database.db, [profile.id], [plan.id])).length, 2);
});

test('D3: two orders at once open one subscription, the other is refused or extends it', async () => {
  const plan = await makePlan(seed);
  const { profile } = await makePerson(database.db);
  const at = seed.clock.now();
  const results = await Promise.allSettled(
    Array.from({ length: 4 }, () =>
      inTransaction(database.db, (tx) => openOrExtend(tx, { profile_id: profile.id, plan, periods_count: 1, at })),
    ),
  );
  for (const result of results) {
    if (result.status === 'rejected') assert.ok(refused('subscription_overlaps')(result.reason), String(result.reason));
  }
  const held = await findSubscriptionsOf(database.db, [profile.id], [plan.id]);
  assert.equal(held.length, 1);
  const done = results.filter(({ status }) => status === 'fulfilled').length;
  assert.equal(held[0]?.ends_at.getUTCMonth(), (at.getUTCMonth() + done) % 12);
});

test('the database refuses two subscriptions to one plan in one time', async () => {
  const plan = await makePlan(seed);
  const { profile } = await makePerson(database.db);
  const subscription = await subscribe(seed, profile, plan);
  const row = {
    profile_id: profile.id,
    plan_id: plan.id,
    created_at: subscription.created_at,
    ends_at: subscription.ends_at,
  };
  await assert.rejects(
    inTransaction(database.db, (tx) => insertSubscription(tx, row)),
    refused('subscription_overlaps'),
  );
});

test('a plan that asks its provider first gives nothing before the provider accepts', async () => {
  const seller = await makeSeller(database.db);
  const plan = await makePlan(seed, { provider_id: seller.profile.id, optin_on_request: true });
  const { profile } = await makePerson(database.db);
  const subscription = await subscribe(seed, profile, plan);
  const at = seed.clock.now();
  assert.match(subscription.request_key ?? '', /^[0-9a-f]{40}$/);
  assert.equal(await findActiveSubscription(database.db, profile.id, plan.id, at), undefined);
  assert.deepEqual((await eventsNamed(database.db, 'subscription_request_created')).at(-1), {
    subscription_id: subscription.id,
    profile_id: profile.id,
    plan_id: plan.id,
    plan: { slug: plan.slug, title: plan.title },
    provider_id: seller.profile.id,
    originated_by: null,
    request_key: subscription.request_key,
  });
  const key = subscription.request_key ?? '';
  const stranger = await makeSeller(database.db);
  await assert.rejects(acceptRequest(seed, stranger.profile.id, key), refused('subscription_key_unknown'));
  await acceptRequest(await as(seller), seller.profile.id, key);
  assert.equal((await findActiveSubscription(database.db, profile.id, plan.id, at))?.id, subscription.id);
  assert.equal(
    (await eventsNamed(database.db, 'subscription_request_accepted')).at(-1)?.['originated_by'],
    seller.user.id,
  );
  await assert.rejects(acceptRequest(seed, seller.profile.id, key), refused('subscription_key_unknown'));
});

test('what a provider grants is the subscriber to accept, once, and nobody else', async () => {
  const seller = await makeSeller(database.db);
  const plan = await makePlan(seed, { provider_id: seller.profile.id });
  const person = await makePerson(database.db);
  const other = await makePerson(database.db);
  const granting = await as(seller);
  const target = { provider_id: seller.profile.id, plan: plan.slug };
  const input = { profile: { slug: person.profile.slug, full_name: 'Whoever' }, message: 'Welcome' };
  const granted = await grantSubscription(granting, target, input, { force: false });
  assert.ok(granted.is_new);
  const key = granted.subscription.grant_key ?? '';
  assert.match(key, /^[0-9a-f]{40}$/);
  assert.equal(granted.subscription.ends_at.toISOString(), '2026-04-10T15:00:00.000Z');
  assert.deepEqual(await providersOf(database.db, person.profile.id, granting.clock.now(), 90), []);
  const event = (await eventsNamed(database.db, 'subscription_grant_created')).at(-1);
  assert.deepEqual([event?.['grant_key'], event?.['key'], event?.['message']], [key, null, 'Welcome']);

  await assert.rejects(acceptGrant(granting, person.profile.id, key), refused('subscription_protected'));
  await assert.rejects(acceptGrant(await as(other), other.profile.id, key), refused('subscription_key_unknown'));
  const mine = await as(person);
  assert.ok(isAgreed((await acceptGrant(mine, person.profile.id, key)).subscription));
  await assert.rejects(acceptGrant(mine, person.profile.id, key), refused('subscription_key_unknown'));
  assert.deepEqual(await providersOf(database.db, person.profile.id, granting.clock.now(), 90), [
    { provider_id: seller.profile.id, active: true },
  ]);
});

test('granting again what runs changes nothing', async () => {
  const seller = await makeSeller(database.db);
  const plan = await makePlan(seed, { provider_id: seller.profile.id });
  const person = await makePerson(database.db);
  const running = await subscribe(seed, person.profile, plan);
  const told = (await eventsNamed(database.db, 'subscription_grant_created')).length;
  const target = { provider_id: seller.profile.id, plan: plan.slug };
  const again = await grantSubscription(
    await as(seller),
    target,
    { profile: { slug: person.profile.slug, full_name: '' } },
    { force: false },
  );
  assert.deepEqual([again.is_new, again.subscription], [false, running]);
  assert.equal((await eventsNamed(database.db, 'subscription_grant_created')).length, told);
});

test('an offer that is over is not accepted', async () => {
  const seller = await makeSeller(database.db);
  const plan = await makePlan(seed, { provider_id: seller.profile.id });
  const person = await makePerson(database.db);
  const input = { profile: { slug: person.profile.slug, full_name: 'Whoever' } };
  const { subscription } = await grantSubscription(
    await as(seller),
    { provider_id: seller.profile.id, plan: plan.slug },
    input,
    { force: false },
  );
  const late = await as(person, subscription.ends_at);
  await assert.rejects(
    acceptGrant(late, person.profile.id, subscription.grant_key ?? ''),
    refused('subscription_key_unknown'),
  );
});

test('a plan without consent opens no stranger’s profile to its provider', async () => {
  const seller = await makeSeller(database.db);
  const plan = await makePlan(seed, { provider_id: seller.profile.id, skip_optin_on_grant: true });
  const target = { provider_id: seller.profile.id, plan: plan.slug };
  const person = await makePerson(database.db);
  const input = { profile: { slug: person.profile.slug, full_name: 'Whoever' } };
  const granting = await as(seller);
  const { subscription } = await grantSubscription(granting, target, input, { force: false });
  assert.notEqual(subscription.grant_key, null);

  const customer = await makePerson(database.db);
  await subscribe(seed, customer.profile, await makePlan(seed, { provider_id: seller.profile.id }));
  const known = await grantSubscription(
    granting,
    target,
    { profile: { slug: customer.profile.slug, full_name: '' } },
    { force: false },
  );
  assert.equal(known.subscription.grant_key, null);
});

test('a provider switches the renewal of a subscriber off and never on; the subscriber may do both', async () => {
  const seller = await makeSeller(database.db);
  const plan = await makePlan(seed, { provider_id: seller.profile.id });
  const person = await makePerson(database.db);
  await subscribe(seed, person.profile, plan);
  const [provider, subscriber] = [await as(seller), await as(person)];
  const target = { profile_id: person.profile.id, plan: plan.slug };
  const change = async (by: TestContext, auto_renew: boolean) =>
    (await changeSubscription(by, target, { auto_renew }, 'UTC')).subscription.auto_renew;
  assert.equal(await change(provider, true), true, 'no change');
  assert.equal(await change(provider, false), false);
  await assert.rejects(change(provider, true), refused('subscription_protected'));
  assert.equal(await change(subscriber, true), true);
});

test('a subscriber who left a provider is bound to it by consent only: not by a grant, not by a gift', async () => {
  const seller = await makeSeller(database.db);
  const plan = await makePlan(seed, { provider_id: seller.profile.id, skip_optin_on_grant: true });
  const person = await makePerson(database.db);
  const { ends_at } = await subscribe(seed, person.profile, await makePlan(seed, { provider_id: seller.profile.id }));
  const input = { profile: { slug: person.profile.slug, full_name: '' } };
  const target = { provider_id: seller.profile.id, plan: plan.slug };
  const { subscription } = await grantSubscription(await as(seller, ends_at), target, input, { force: false });
  assert.notEqual(subscription.grant_key, null);
  const other = await makePlan(seed, { provider_id: seller.profile.id });
  const gift = { profile_id: person.profile.id, plan: other, periods_count: 1, at: ends_at, is_gift: true };
  const opened = await inTransaction(database.db, (tx) => openOrExtend(tx, gift));
  assert.notEqual(opened.subscription.grant_key, null);
});

test('an unknown address is granted a subscription with force only, and gets one link to activate', async () => {
  const seller = await makeSeller(database.db);
  const plan = await makePlan(seed, { provider_id: seller.profile.id });
  const target = { provider_id: seller.profile.id, plan: plan.slug };
  const granting = await as(seller);
  const profile = { full_name: 'New Company', email: 'ceo@new-company.example.com', type: 'organization' as const };
  const message = 'See http://phish.example.com/ now';
  await assert.rejects(
    grantSubscription(granting, target, { profile }, { force: false }),
    refused('subscriber_unknown'),
  );
  const { subscription } = await grantSubscription(granting, target, { profile, message }, { force: true });
  const made = await findProfileBySlug(database.db, 'new-company');
  assert.equal(made?.id, subscription.profile_id);
  assert.deepEqual(await findManagerIds(database.db, made.id), [], 'it waits for its owner');
  assert.equal(await findUserByEmail(database.db, profile.email), undefined, 'no login is made');
  const event = (await eventsNamed(database.db, 'subscription_grant_created')).at(-1);
  assert.match(String(event?.['key']), /^[0-9a-f]{40}$/);
  assert.equal(event?.['grant_key'], subscription.grant_key);
  assert.doesNotMatch(String(event?.['message']), /phish/);
});

test('a user without profile is granted a subscription on a personal profile', async () => {
  const seller = await makeSeller(database.db);
  const plan = await makePlan(seed, { provider_id: seller.profile.id });
  const user = await makeUser(database.db, { username: 'lonely' });
  const profile = { full_name: 'Lonely', email: 'LONELY@example.com', type: 'personal' as const };
  await grantSubscription(
    await as(seller),
    { provider_id: seller.profile.id, plan: plan.slug },
    { profile },
    { force: false },
  );
  assert.equal((await findProfileBySlug(database.db, 'lonely'))?.personal_user_id, user.id);
});

test('a grant says whom it is for', async () => {
  const seller = await makeSeller(database.db);
  const plan = await makePlan(seed, { provider_id: seller.profile.id });
  const target = { provider_id: seller.profile.id, plan: plan.slug };
  const granting = await as(seller);
  const grant = (profile: Parameters<typeof grantSubscription>[2]['profile'], force = true) =>
    grantSubscription(granting, target, { profile }, { force });
  await assert.rejects(grant({ full_name: 'Only a name' }), refused('invalid_input', 'profile'));
  await assert.rejects(
    grant({ full_name: 'No address', slug: 'no-address' }),
    refused('invalid_input', 'profile.email'),
  );
  await assert.rejects(
    grant({ full_name: 'Bad', slug: 'bad', email: 'nowhere' }),
    refused('invalid_input', 'profile.email'),
  );
  await assert.rejects(
    grantSubscription(
      granting,
      { ...target, plan: 'nowhere' },
      { profile: { slug: 'x', full_name: '' } },
      { force: true },
    ),
    refused('plan_not_provided'),
  );
});

test('C18: unsubscribing now ends it, stops the renewal and moves no money', async () => {
  const plan = await makePlan(seed);
  const person = await makePerson(database.db);
  const mine = await as(person);
  const subscription = await subscribe(mine, person.profile, plan);
  const at = mine.clock.now();
  assert.deepEqual(await listed({ profile_id: person.profile.id }, 'active', at), [subscription.id]);
  await unsubscribe(mine, { profile_id: person.profile.id, plan: plan.slug });
  const ended = (await findSubscriptionsByIds(database.db, [subscription.id])).get(subscription.id);
  assert.deepEqual([ended?.ends_at, ended?.auto_renew], [at, false]);
  assert.deepEqual(await listed({ profile_id: person.profile.id }, 'active', at), []);
  assert.deepEqual(await listed({ profile_id: person.profile.id }, 'ended', at), [subscription.id]);
  assert.deepEqual(await listed({ plan_ids: [plan.id] }, 'ended', at), [subscription.id]);
  assert.equal((await database.db.selectFrom('ledger_entries').select('id').execute()).length, 0);
  assert.equal((await eventsNamed(database.db, 'subscription_ended')).at(-1)?.['subscription_id'], subscription.id);
  await unsubscribe(mine, { profile_id: person.profile.id, plan: plan.slug });
  await unsubscribe(mine, { profile_id: person.profile.id, plan: 'nowhere' });
});

test('declining an offer does not make it an agreed subscription that is over', async () => {
  const seller = await makeSeller(database.db);
  const plan = await makePlan(seed, { provider_id: seller.profile.id });
  const person = await makePerson(database.db);
  const input = { profile: { slug: person.profile.slug, full_name: 'Whoever' } };
  await grantSubscription(await as(seller), { provider_id: seller.profile.id, plan: plan.slug }, input, {
    force: false,
  });
  const mine = await as(person);
  await unsubscribe(mine, { profile_id: person.profile.id, plan: plan.slug });
  assert.deepEqual(await providersOf(database.db, person.profile.id, mine.clock.now(), 90), []);
  assert.deepEqual((await entitlementsOf(database.db, [person.profile.id])).get(person.profile.id), []);
});

test('C2: another provider of the same subscriber can neither change nor end a subscription', async () => {
  const one = await makeSeller(database.db);
  const two = await makeSeller(database.db);
  const plan = await makePlan(seed, { provider_id: one.profile.id });
  const person = await makePerson(database.db);
  await subscribe(seed, person.profile, plan);
  await subscribe(seed, person.profile, await makePlan(seed, { provider_id: two.profile.id }));
  const target = { profile_id: person.profile.id, plan: plan.slug };
  const meddling = await as(two);
  await assert.rejects(unsubscribe(meddling, target), refused('subscription_protected'));
  await assert.rejects(
    changeSubscription(meddling, target, { auto_renew: false }, 'UTC'),
    refused('subscription_protected'),
  );
  const whose = { profile_id: person.profile.id, provider_ids: [two.profile.id] };
  assert.equal((await listed(whose, 'active', seed.clock.now())).length, 1);
  await unsubscribe(await as(one), target);
});

test('[NEW] a subscriber chooses an earlier end, which also stops the renewal; only the provider puts it off', async () => {
  const seller = await makeSeller(database.db);
  const plan = await makePlan(seed, { provider_id: seller.profile.id });
  const person = await makePerson(database.db);
  const subscription = await subscribe(seed, person.profile, plan);
  const target = { profile_id: person.profile.id, plan: plan.slug };
  const mine = await as(person);
  await assert.rejects(
    changeSubscription(mine, target, { ends_at: '2031-01-01' }, 'UTC'),
    refused('invalid_input', 'ends_at'),
  );
  await assert.rejects(
    changeSubscription(mine, target, { ends_at: 'never' }, 'UTC'),
    refused('invalid_input', 'ends_at'),
  );
  const renewing = await changeSubscription(mine, target, { ends_at: subscription.ends_at.toISOString() }, 'UTC');
  assert.equal(renewing.subscription.auto_renew, true);
  const shorter = await changeSubscription(mine, target, { ends_at: '2026-03-20' }, 'America/Los_Angeles');
  assert.equal(shorter.subscription.ends_at.toISOString(), '2026-03-20T07:00:00.000Z');
  assert.equal(shorter.subscription.auto_renew, false);
  const longer = await changeSubscription(
    await as(seller),
    target,
    { ends_at: '2031-01-01', description: 'After a call' },
    'UTC',
  );
  assert.deepEqual(
    [longer.subscription.ends_at.toISOString(), longer.subscription.description, longer.subscription.auto_renew],
    ['2031-01-01T00:00:00.000Z', 'After a call', false],
  );
  const foreign = { ...target, provider_id: (await makeSeller(database.db)).profile.id };
  await assert.rejects(changeSubscription(await as(seller), foreign, {}, 'UTC'), refused('subscription_unknown'));
});

test('putting an end off into another subscription is refused', async () => {
  const seller = await makeSeller(database.db);
  const plan = await makePlan(seed, { provider_id: seller.profile.id });
  const person = await makePerson(database.db);
  await subscribe(seed, person.profile, plan);
  const row = {
    profile_id: person.profile.id,
    plan_id: plan.id,
    created_at: new Date('2027-01-01T00:00:00Z'),
    ends_at: new Date('2028-01-01T00:00:00Z'),
  };
  await inTransaction(database.db, (tx) => insertSubscription(tx, row));
  const target = { profile_id: person.profile.id, plan: plan.slug };
  await assert.rejects(
    changeSubscription(await as(seller), target, { ends_at: '2027-06-01' }, 'UTC'),
    refused('subscription_overlaps'),
  );
});

test('paying for what was offered accepts the offer', async () => {
  const seller = await makeSeller(database.db);
  const plan = await makePlan(seed, { provider_id: seller.profile.id });
  const person = await makePerson(database.db);
  const input = { profile: { slug: person.profile.slug, full_name: 'Whoever' } };
  await grantSubscription(await as(seller), { provider_id: seller.profile.id, plan: plan.slug }, input, {
    force: false,
  });
  const paid = await subscribe(seed, person.profile, plan);
  assert.ok(isAgreed(paid));
  assert.equal(paid.ends_at.toISOString(), '2026-05-10T15:00:00.000Z');
});

test('lists meet the period asked for', async () => {
  const plan = await makePlan(seed, { period_type: 'yearly' });
  const spans = [
    ['2026-01-01', '2026-03-31'],
    ['2026-01-01', '2026-06-30'],
    ['2026-07-01', '2026-12-31'],
    ['2026-11-01', '2026-12-31'],
    ['2026-01-01', '2026-12-31'],
  ] as const;
  const ids: number[] = [];
  for (const [begins, ends] of spans) {
    const { profile } = await makePerson(database.db);
    const row = { profile_id: profile.id, plan_id: plan.id, created_at: new Date(begins), ends_at: new Date(ends) };
    ids.push((await inTransaction(database.db, (tx) => insertSubscription(tx, row))).id);
  }
  const which = async (span: Span, at: string, start_at: string | null = null, ends_at: string | null = null) => {
    const bounds = {
      start_at: start_at === null ? null : new Date(start_at),
      ends_at: ends_at === null ? null : new Date(ends_at),
    };
    const found = await listed({ plan_ids: [plan.id] }, span, new Date(at), bounds as Partial<typeof list>);
    return found.map((id) => ids.indexOf(id)).toSorted((left, right) => left - right);
  };
  assert.deepEqual(await which('active', '2026-08-01'), [2, 4]);
  assert.deepEqual(await which('active', '2026-08-01', '2026-06-01'), [2]);
  assert.deepEqual(await which('ended', '2026-08-01'), [0, 1]);
  assert.deepEqual(await which('ended', '2026-08-01', '2026-04-01'), [1]);
  assert.deepEqual(await which('ended', '2026-08-01', null, '2027-01-01'), [0, 1]);
  assert.deepEqual(await which('all', '2026-08-01', '2026-04-01', '2026-07-01'), [1, 4]);
  assert.deepEqual(await which('all', '2026-08-01'), [0, 1, 2, 3, 4]);
});

test('B9: subscribers of a seller are those of its own plans', async () => {
  const one = await makeSeller(database.db);
  const two = await makeSeller(database.db);
  const mine = await makePlan(seed, { provider_id: one.profile.id });
  const theirs = await makePlan(seed, { provider_id: two.profile.id });
  const gone = await makePerson(database.db);
  const here = await makePerson(database.db);
  const at = seed.clock.now();
  const row = {
    profile_id: gone.profile.id,
    plan_id: mine.id,
    created_at: new Date('2026-01-01'),
    ends_at: new Date('2026-02-01'),
  };
  await inTransaction(database.db, (tx) => insertSubscription(tx, row));
  await subscribe(seed, gone.profile, theirs);
  await subscribe(seed, here.profile, mine);
  const who = async (span: 'active' | 'all') => {
    const page = await listSubscribers(database.db, { plan_ids: [mine.id], span, at }, list, url);
    return page.results.map(({ id }) => id).toSorted((left, right) => left - right);
  };
  assert.deepEqual(await who('active'), [here.profile.id]);
  assert.deepEqual(
    await who('all'),
    [gone.profile.id, here.profile.id].toSorted((left, right) => left - right),
  );
  assert.deepEqual((await listSubscribers(database.db, { plan_ids: [], span: 'all', at }, list, url)).results, []);
});

test('a provider keeps its days of grace, and an entitlement is told for each plan once', async () => {
  const seller = await makeSeller(database.db);
  const plan = await makePlan(seed, { provider_id: seller.profile.id });
  const person = await makePerson(database.db);
  const ctx = await as(null);
  const first = await subscribe(ctx, person.profile, plan);
  const days = (count: number) => new Date(first.ends_at.getTime() + count * 86_400_000);
  const at = async (when: Date) => providersOf(database.db, person.profile.id, when, 90);
  assert.deepEqual(await at(ctx.clock.now()), [{ provider_id: seller.profile.id, active: true }]);
  assert.deepEqual(await at(days(89)), [{ provider_id: seller.profile.id, active: false }]);
  assert.deepEqual(await at(days(91)), []);
  ctx.clock.set(days(1));
  const second = await subscribe(ctx, person.profile, plan);
  const entitlements = (await entitlementsOf(database.db, [person.profile.id])).get(person.profile.id);
  assert.deepEqual(
    entitlements?.map(({ subscription_id, plan: slug, ends_at }) => [subscription_id, slug, ends_at]),
    [[second.id, plan.slug, second.ends_at]],
  );
});

test('an archived profile holds nothing and sells nothing', async () => {
  const seller = await makeSeller(database.db);
  const plan = await makePlan(seed, { provider_id: seller.profile.id });
  const customer = await makePerson(database.db);
  await subscribe(seed, customer.profile, plan);
  await subscribe(seed, seller.profile, await makePlan(seed));
  const at = seed.clock.now();
  await inTransaction(database.db, (tx) => endAllOfProfile(tx, seller.profile.id, at));
  assert.equal(await findSubscription(database.db, customer.profile.id, plan.id, at), undefined);
  assert.deepEqual(await listed({ profile_id: seller.profile.id }, 'active', at), []);
  assert.equal((await reread(database.db, plan))?.is_active, false);
  const nobody = await makePerson(database.db);
  await inTransaction(database.db, (tx) => endAllOfProfile(tx, nobody.profile.id, at));
});

test('C8: uses are counted in their period, on top of those bought in advance', async () => {
  const plan = await makePlan(seed, {
    use_charges: [{ slug: 'requests', quota: 100, use_amount: 15, maximum_limit: 150 }],
  });
  const use = plan.use_charges[0]!;
  const { profile } = await makePerson(database.db);
  const subscription = await subscribe(seed, profile, plan, 12);
  const record = async (quantity: number, at: string) => {
    const uses = { subscription, plan, use, quantity, at: new Date(at), originated_by: null };
    return (await inTransaction(database.db, (tx) => recordUses(tx, uses))).billed_quantity;
  };
  const billed: number[] = [];
  for (const quantity of [60, 50, 5, 0, 100]) billed.push(await record(quantity, '2026-03-11T00:00:00Z'));
  assert.deepEqual(billed, [0, 10, 5, 1, 100]);
  assert.equal((await eventsNamed(database.db, 'quota_reached')).length, 1);
  assert.equal((await eventsNamed(database.db, 'use_charge_limit_crossed')).length, 1);
  assert.equal(await record(100, '2026-04-10T15:00:00Z'), 0, 'a year in advance still has its quota each month');
});

test('[BUG] uses bought twice in advance add up', async () => {
  const plan = await makePlan(seed, { use_charges: [{ slug: 'requests', use_amount: 15 }] });
  const use = plan.use_charges[0]!;
  const { profile } = await makePerson(database.db);
  const subscription = await subscribe(seed, profile, plan);
  for (const quantity of [7, 5]) {
    await inTransaction(database.db, (tx) => addRolloverQuota(tx, subscription.id, use, quantity));
  }
  const uses = { subscription, plan, use, quantity: 13, at: seed.clock.now(), originated_by: null };
  const { billed_quantity } = await inTransaction(database.db, (tx) => recordUses(tx, uses));
  assert.equal(billed_quantity, 1);
});

test('two calls at once never take the same free uses', async () => {
  const plan = await makePlan(seed, { use_charges: [{ slug: 'requests', quota: 10, use_amount: 15 }] });
  const use = plan.use_charges[0]!;
  const { profile } = await makePerson(database.db);
  const subscription = await subscribe(seed, profile, plan);
  const uses = { subscription, plan, use, quantity: 5, at: seed.clock.now(), originated_by: null };
  const counts = await Promise.all(
    Array.from({ length: 4 }, () => inTransaction(database.db, (tx) => recordUses(tx, uses))),
  );
  assert.equal(
    counts.reduce((sum, { billed_quantity }) => sum + billed_quantity, 0),
    10,
  );
});
