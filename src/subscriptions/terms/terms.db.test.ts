import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Problem } from '#kernel/problem';
import { inTransaction } from '#platform/db/database';
import { signedIn, testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { eventsNamed } from '../../../test/support/factories/accounts.ts';
import { makePlan, reread } from '../../../test/support/factories/catalog.ts';
import {
  makePerson,
  makeSeller,
  subscribe,
  type Person,
  endingsOf,
} from '../../../test/support/factories/subscriptions.ts';
import { changeSubscription } from './change-subscription.ts';
import { endAllOfProfile, unsubscribeProfile } from './end-subscription.ts';
import { grantSubscription } from '../invitations/grant-subscription.ts';
import type { Span } from '../records/subscription-count-store.ts';
import { listSubscriptions, type SubscriptionParty } from '../records/subscription-list-store.ts';
import { openOrExtend } from './open-or-extend.ts';
import { findSubscription, findSubscriptionsByIds, insertSubscription } from '../records/subscription-store.ts';
import { subscriptionsOf } from '../records/slot-store.ts';
import { isAgreed } from '../records/subscription.ts';
import type { PlanId, ProfileId } from '#platform/db/db-schema';
import { runTogether } from '#platform/db/together';

const findOf = async (profile_id: ProfileId, plan_id: PlanId) =>
  (await runTogether(database.db, { found: subscriptionsOf([profile_id], [plan_id]) })).found;

let database: TestDatabase;
let seed: TestContext;

before(async () => {
  database = await openTestDatabase();
  seed = await testContext(database.db);
});
after(() => database.close());

/** Returns the context of a caller, at `now` if given. */
async function as(person: Person | null, now?: Date): Promise<TestContext> {
  return testContext(database.db, { ...(person ? { actor: signedIn(person.user) } : {}), ...(now ? { now } : {}) });
}

const refused = (code: string, field?: string) => (error: unknown) =>
  error instanceof Problem &&
  error.code === code &&
  (field === undefined || Object.keys(error.fields ?? {}).includes(field));

const list = { page: 1, page_size: 100, terms: [], fields: [], order: [], start_at: null, ends_at: null };
const url = new URL('http://cowork.test/');

async function listed(
  whose: SubscriptionParty,
  span: Span,
  at: Date,
  bounds: Partial<typeof list> = {},
): Promise<number[]> {
  const page = await listSubscriptions(database.db, whose, { span, at }, { ...list, ...bounds }, url);
  return page.results.map(({ id }) => id);
}

test('a new subscription begins at the instant of its order', async () => {
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

test('a repeated order extends a subscription from its end, on the day of the month on which it began', async () => {
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

test('an order of a plan of two years extends a subscription by two years', async () => {
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

test('an order after the end opens a new subscription', async () => {
  const plan = await makePlan(seed);
  const { profile } = await makePerson(database.db);
  const ctx = await as(null);
  const first = await subscribe(ctx, profile, plan);
  ctx.clock.set(first.ends_at);
  const second = await subscribe(ctx, profile, plan);
  assert.notEqual(second.id, first.id);
  assert.deepEqual(second.created_at, first.ends_at);
  assert.equal((await findOf(profile.id, plan.id)).length, 2);
});

test('concurrent orders open one subscription; the others extend it or get 409', async () => {
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
  const held = await findOf(profile.id, plan.id);
  assert.equal(held.length, 1);
  const done = results.filter(({ status }) => status === 'fulfilled').length;
  assert.equal(held[0]?.ends_at.getUTCMonth(), (at.getUTCMonth() + done) % 12);
});

test('a provider can only switch the renewal off; the subscriber can switch it on and off', async () => {
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

test('a subscriber ends a subscription and its renewal immediately, without a ledger entry', async () => {
  const plan = await makePlan(seed);
  const person = await makePerson(database.db);
  const mine = await as(person);
  const subscription = await subscribe(mine, person.profile, plan);
  const at = mine.clock.now();
  assert.deepEqual(await listed({ profile_id: person.profile.id }, 'active', at), [subscription.id]);
  await unsubscribeProfile(mine, { profile_id: person.profile.id, plan: plan.slug }, endingsOf(seed));
  const ended = (await findSubscriptionsByIds(database.db, [subscription.id])).get(subscription.id);
  assert.deepEqual([ended?.ends_at, ended?.auto_renew], [at, false]);
  assert.deepEqual(await listed({ profile_id: person.profile.id }, 'active', at), []);
  assert.deepEqual(await listed({ profile_id: person.profile.id }, 'ended', at), [subscription.id]);
  assert.deepEqual(
    await listed({ plans: database.db.selectFrom('plans').select('id').where('id', '=', plan.id) }, 'ended', at),
    [subscription.id],
  );
  assert.equal((await database.db.selectFrom('ledger_entries').select('id').execute()).length, 0);
  assert.equal((await eventsNamed(database.db, 'subscription_ended')).at(-1)?.['subscription_id'], subscription.id);
  await unsubscribeProfile(mine, { profile_id: person.profile.id, plan: plan.slug }, endingsOf(seed));
  await unsubscribeProfile(mine, { profile_id: person.profile.id, plan: 'nowhere' }, endingsOf(seed));
});

test('another provider of the subscriber can neither change nor end a subscription', async () => {
  const one = await makeSeller(database.db);
  const two = await makeSeller(database.db);
  const plan = await makePlan(seed, { provider_id: one.profile.id });
  const person = await makePerson(database.db);
  await subscribe(seed, person.profile, plan);
  await subscribe(seed, person.profile, await makePlan(seed, { provider_id: two.profile.id }));
  const target = { profile_id: person.profile.id, plan: plan.slug };
  const meddling = await as(two);
  await assert.rejects(unsubscribeProfile(meddling, target, endingsOf(seed)), refused('subscription_protected'));
  await assert.rejects(
    changeSubscription(meddling, target, { auto_renew: false }, 'UTC'),
    refused('subscription_protected'),
  );
  const whose = { profile_id: person.profile.id, provider_ids: [two.profile.id] };
  assert.equal((await listed(whose, 'active', seed.clock.now())).length, 1);
  await unsubscribeProfile(await as(one), target, endingsOf(seed));
});

test('a subscriber can shorten a subscription, which stops its renewal; only the provider can extend it', async () => {
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

test('a provider cannot extend a subscription into another one', async () => {
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

test('an order by the profile accepts a grant that waits', async () => {
  const seller = await makeSeller(database.db);
  const plan = await makePlan(seed, { provider_id: seller.profile.id });
  const person = await makePerson(database.db);
  const input = { profile: { slug: person.profile.slug, full_name: 'Any Name' } };
  await grantSubscription(await as(seller), { provider_id: seller.profile.id, plan: plan.slug }, input, {
    force: false,
  });
  const paid = await subscribe(seed, person.profile, plan);
  assert.ok(isAgreed(paid));
  assert.equal(paid.ends_at.toISOString(), '2026-05-10T15:00:00.000Z');
});

test('an archived profile has no running subscription and no active plan', async () => {
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
  const without_plans = await makePerson(database.db);
  await inTransaction(database.db, (tx) => endAllOfProfile(tx, without_plans.profile.id, at));
});
