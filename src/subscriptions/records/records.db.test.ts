import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Problem } from '#kernel/problem';
import { inTransaction } from '#platform/db/database';
import { signedIn, testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { makePerson, makeSeller, subscribe, type Person } from '../../../test/support/factories/subscriptions.ts';
import type { Span } from './subscription-count-store.ts';
import { listSubscriptions, type SubscriptionParty } from './subscription-list-store.ts';
import { findEntitlements, findProviderTerms, providersAt } from './entitlement-store.ts';
import { insertSubscription } from './subscription-store.ts';

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

test('the database refuses two subscriptions of one profile to one plan in the same time', async () => {
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

test('lists select subscriptions by the requested period', async () => {
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
    const found = await listed(
      { plans: database.db.selectFrom('plans').select('id').where('id', '=', plan.id) },
      span,
      new Date(at),
      bounds as Partial<typeof list>,
    );
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

test('a provider is reported during the grace days, an entitlement once per plan', async () => {
  const seller = await makeSeller(database.db);
  const plan = await makePlan(seed, { provider_id: seller.profile.id });
  const person = await makePerson(database.db);
  const ctx = await as(null);
  const first = await subscribe(ctx, person.profile, plan);
  const days = (count: number) => new Date(first.ends_at.getTime() + count * 86_400_000);
  const at = async (when: Date) => providersAt(await findProviderTerms(database.db, [person.profile.id]), when, 90);
  assert.deepEqual(await at(ctx.clock.now()), [{ provider_id: seller.profile.id, active: true }]);
  assert.deepEqual(await at(days(89)), [{ provider_id: seller.profile.id, active: false }]);
  assert.deepEqual(await at(days(91)), []);
  ctx.clock.set(days(1));
  const second = await subscribe(ctx, person.profile, plan);
  const entitlements = (await findEntitlements(database.db, [person.profile.id])).get(person.profile.id);
  assert.deepEqual(
    entitlements?.map(({ subscription_id, plan: slug, ends_at }) => [subscription_id, slug, ends_at]),
    [[second.id, plan.slug, second.ends_at]],
  );
});
