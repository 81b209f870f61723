import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { findUserByEmail } from '#accounts';
import { Problem } from '#kernel/problem';
import { inTransaction } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import { readTogether } from '#platform/db/together';
import { findProfileBySlug, findManagerIds } from '#profiles';
import { signedIn, testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { eventsNamed, makeUser } from '../../../test/support/factories/accounts.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import {
  makePerson,
  makeSeller,
  subscribe,
  type Person,
  endingsOf,
} from '../../../test/support/factories/subscriptions.ts';
import { acceptGrant, acceptRequest } from './accept-subscription.ts';
import { unsubscribeProfile } from '../terms/end-subscription.ts';
import { grantSubscription } from './grant-subscription.ts';
import { openOrExtend } from '../terms/open-or-extend.ts';
import { findEntitlements, findProviderTerms, providersAt } from '../records/entitlement-store.ts';
import { selectActiveSubscriptions } from '../records/subscription-store.ts';
import { isAgreed } from '../records/subscription.ts';

let database: TestDatabase;
let seed: TestContext;

before(async () => {
  database = await openTestDatabase();
  seed = await testContext(database.db);
});
after(() => database.close());

/** Returns the context of a caller, at `now` if given. */
const readActive = readTogether((reader, profile_id: ProfileId, now: Date) => ({
  active: selectActiveSubscriptions(reader, profile_id, now, null),
}));

async function as(person: Person | null, now?: Date): Promise<TestContext> {
  return testContext(database.db, { ...(person ? { actor: signedIn(person.user) } : {}), ...(now ? { now } : {}) });
}

const refused = (code: string, field?: string) => (error: unknown) =>
  error instanceof Problem &&
  error.code === code &&
  (field === undefined || Object.keys(error.fields ?? {}).includes(field));

test('a requested subscription gives no access before the provider accepts', async () => {
  const seller = await makeSeller(database.db);
  const plan = await makePlan(seed, { provider_id: seller.profile.id, optin_on_request: true });
  const { profile } = await makePerson(database.db);
  const subscription = await subscribe(seed, profile, plan);
  const at = seed.clock.now();
  assert.match(subscription.request_key ?? '', /^[0-9a-f]{40}$/);
  assert.deepEqual((await readActive(database.db, profile.id, at)).active, []);
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
  const { active } = await readActive(database.db, profile.id, at);
  assert.deepEqual(
    active.map(({ plan_slug }) => plan_slug),
    [plan.slug],
  );
  assert.equal(
    (await eventsNamed(database.db, 'subscription_request_accepted')).at(-1)?.['originated_by'],
    seller.user.id,
  );
  await assert.rejects(acceptRequest(seed, seller.profile.id, key), refused('subscription_key_unknown'));
});

test('only the subscriber can accept a grant, and only once', async () => {
  const seller = await makeSeller(database.db);
  const plan = await makePlan(seed, { provider_id: seller.profile.id });
  const person = await makePerson(database.db);
  const other = await makePerson(database.db);
  const granting = await as(seller);
  const target = { provider_id: seller.profile.id, plan: plan.slug };
  const input = { profile: { slug: person.profile.slug, full_name: 'Any Name' }, message: 'Welcome' };
  const granted = await grantSubscription(granting, target, input, { force: false });
  assert.ok(granted.is_new);
  const key = granted.subscription.grant_key ?? '';
  assert.match(key, /^[0-9a-f]{40}$/);
  assert.equal(granted.subscription.ends_at.toISOString(), '2026-04-10T15:00:00.000Z');
  assert.deepEqual(
    providersAt(await findProviderTerms(database.db, [person.profile.id]), granting.clock.now(), 90),
    [],
  );
  const event = (await eventsNamed(database.db, 'subscription_grant_created')).at(-1);
  assert.deepEqual([event?.['grant_key'], event?.['key'], event?.['message']], [key, null, 'Welcome']);

  await assert.rejects(acceptGrant(granting, person.profile.id, key), refused('subscription_protected'));
  await assert.rejects(acceptGrant(await as(other), other.profile.id, key), refused('subscription_key_unknown'));
  const mine = await as(person);
  assert.ok(isAgreed((await acceptGrant(mine, person.profile.id, key)).subscription));
  await assert.rejects(acceptGrant(mine, person.profile.id, key), refused('subscription_key_unknown'));
  assert.deepEqual(providersAt(await findProviderTerms(database.db, [person.profile.id]), granting.clock.now(), 90), [
    { provider_id: seller.profile.id, active: true },
  ]);
});

test('a grant of a running subscription returns it unchanged', async () => {
  const seller = await makeSeller(database.db);
  const plan = await makePlan(seed, { provider_id: seller.profile.id });
  const person = await makePerson(database.db);
  const running = await subscribe(seed, person.profile, plan);
  const created_count = (await eventsNamed(database.db, 'subscription_grant_created')).length;
  const target = { provider_id: seller.profile.id, plan: plan.slug };
  const again = await grantSubscription(
    await as(seller),
    target,
    { profile: { slug: person.profile.slug, full_name: '' } },
    { force: false },
  );
  assert.deepEqual([again.is_new, again.subscription], [false, running]);
  assert.equal((await eventsNamed(database.db, 'subscription_grant_created')).length, created_count);
});

test('a grant that has ended cannot be accepted', async () => {
  const seller = await makeSeller(database.db);
  const plan = await makePlan(seed, { provider_id: seller.profile.id });
  const person = await makePerson(database.db);
  const input = { profile: { slug: person.profile.slug, full_name: 'Any Name' } };
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

test('a grant of a plan that skips consent is active immediately only for customers of the provider', async () => {
  const seller = await makeSeller(database.db);
  const plan = await makePlan(seed, { provider_id: seller.profile.id, skip_optin_on_grant: true });
  const target = { provider_id: seller.profile.id, plan: plan.slug };
  const person = await makePerson(database.db);
  const input = { profile: { slug: person.profile.slug, full_name: 'Any Name' } };
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

test('a former subscriber has to consent to a grant and to a gift', async () => {
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

test('a grant to an unknown address requires force and sends one activation key', async () => {
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
  assert.deepEqual(await findManagerIds(database.db, made.id), [], 'the profile has no manager yet');
  assert.equal(await findUserByEmail(database.db, profile.email), undefined, 'no user is created');
  const event = (await eventsNamed(database.db, 'subscription_grant_created')).at(-1);
  assert.match(String(event?.['key']), /^[0-9a-f]{40}$/);
  assert.equal(event?.['grant_key'], subscription.grant_key);
  assert.doesNotMatch(String(event?.['message']), /phish/);
});

test('a grant to a user without profile creates a personal profile', async () => {
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

test('a grant without an identified subscriber or plan is refused', async () => {
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

test('a declined grant never counts as an agreed subscription', async () => {
  const seller = await makeSeller(database.db);
  const plan = await makePlan(seed, { provider_id: seller.profile.id });
  const person = await makePerson(database.db);
  const input = { profile: { slug: person.profile.slug, full_name: 'Any Name' } };
  await grantSubscription(await as(seller), { provider_id: seller.profile.id, plan: plan.slug }, input, {
    force: false,
  });
  const mine = await as(person);
  await unsubscribeProfile(mine, { profile_id: person.profile.id, plan: plan.slug }, endingsOf(seed));
  assert.deepEqual(providersAt(await findProviderTerms(database.db, [person.profile.id]), mine.clock.now(), 90), []);
  assert.deepEqual((await findEntitlements(database.db, [person.profile.id])).get(person.profile.id), []);
});
