import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Problem } from '#kernel/problem';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { eventsNamed } from '../../../test/support/factories/accounts.ts';
import { makeCoupon, makePlan, reread } from '../../../test/support/factories/catalog.ts';
import { makeOrganization } from '../../../test/support/factories/profiles.ts';
import { makePerson, makeSeller, subscribe } from '../../../test/support/factories/subscriptions.ts';
import { createPlan } from './create-plan.ts';
import { deletePlan } from './delete-plan.ts';
import type { Plan } from './plan.ts';
import { updatePlan } from './update-plan.ts';

let database: TestDatabase;
let ctx: TestContext;

before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db);
});
after(() => database.close());

const target = (plan: Plan, relation = 'direct') => ({ provider_id: plan.profile_id, slug: plan.slug, relation });
const refused = (code: string, field?: string) => (error: unknown) =>
  error instanceof Problem &&
  error.code === code &&
  (field === undefined || Object.keys(error.fields ?? {}).includes(field));

test("a plan is inactive, yearly, renewing and in the currency of the provider's first plan by default", async () => {
  const { profile } = await makeSeller(database.db);
  const first = await createPlan(ctx, profile.id, { title: 'My Project' }, 'direct');
  assert.equal(first.slug, 'my-project');
  assert.deepEqual(
    [first.is_active, first.period_type, first.renewal_type, first.period_length, first.unit],
    [false, 'yearly', 'auto-renew', 1, 'usd'],
  );
  await makePlan(ctx, { provider_id: profile.id, unit: 'EUR' });
  const { profile: european } = await makeSeller(database.db);
  await makePlan(ctx, { provider_id: european.id, unit: 'EUR' });
  assert.equal((await makePlan(ctx, { provider_id: european.id })).unit, 'eur');
  assert.deepEqual((await eventsNamed(database.db, 'plan_created'))[0], {
    plan_id: first.id,
    profile_id: profile.id,
    originated_by: null,
  });
});

test('two providers can use the same title; their slugs differ', async () => {
  const one = await makeSeller(database.db);
  const two = await makeSeller(database.db);
  const first = await makePlan(ctx, { provider_id: one.profile.id, title: 'Twin Plan' });
  const second = await makePlan(ctx, { provider_id: two.profile.id, title: 'Twin Plan' });
  assert.equal(first.slug, 'twin-plan');
  assert.match(second.slug, /^twin-plan-[0-9a-f]{7}$/);
  await assert.rejects(
    makePlan(ctx, { provider_id: one.profile.id, title: 'Twin Plan' }),
    refused('invalid_input', 'title'),
  );
  await assert.rejects(
    makePlan(ctx, { provider_id: two.profile.id, slug: 'twin-plan' }),
    refused('invalid_input', 'slug'),
  );
});

test('a title without a Latin letter results in a valid slug', async () => {
  assert.match((await makePlan(ctx, { title: '基本' })).slug, /^plan(-[0-9a-f]{7})?$/);
});

test('a plan with an invalid field is refused, naming the field', async () => {
  const use = { slug: 'requests', quota: 10 };
  const cases: [Partial<Parameters<typeof createPlan>[2]>, string][] = [
    [{ title: '   ' }, 'title'],
    [{ unit: 'xyz' }, 'unit'],
    [{ use_charges: [{ ...use, maximum_limit: 10 }] }, 'use_charges.0.maximum_limit'],
    [{ use_charges: [use, use] }, 'use_charges.1.slug'],
    [
      { advance_discounts: [{ discount_type: 'percentage', discount_value: 10_001, length: 2 }] },
      'advance_discounts.0.discount_value',
    ],
    [
      { advance_discounts: [{ discount_type: 'period', discount_value: 1001, length: 2 }] },
      'advance_discounts.0.discount_value',
    ],
  ];
  for (const [input, field] of cases) {
    await assert.rejects(
      createPlan(ctx, ctx.site.broker_id, { title: 'Refused', ...input }, 'direct'),
      refused('invalid_input', field),
    );
  }
});

test('an update keeps omitted discounts and use charges and removes those that it sends empty', async () => {
  const plan = await makePlan(ctx, {
    advance_discounts: [{ discount_type: 'percentage', discount_value: 1000, length: 12 }],
    use_charges: [{ slug: 'requests', title: 'Requests', use_amount: 10, quota: 100 }],
  });
  const kept = await updatePlan(ctx, target(plan), { description: 'Now with words' });
  assert.equal(kept.description, 'Now with words');
  assert.deepEqual([kept.advance_discounts, kept.use_charges], [plan.advance_discounts, plan.use_charges]);
  const emptied = await updatePlan(ctx, target(plan), { advance_discounts: [], use_charges: [] });
  assert.deepEqual([emptied.advance_discounts, emptied.use_charges], [[], []]);
});

test('an update matches use charges by slug and keeps their ids', async () => {
  const plan = await makePlan(ctx, { use_charges: [{ slug: 'requests', use_amount: 10 }, { slug: 'storage' }] });
  const changed = await updatePlan(ctx, target(plan), {
    use_charges: [
      { slug: 'seats', use_amount: 5 },
      { slug: 'requests', use_amount: 12 },
    ],
  });
  const requests = (of: Plan) => of.use_charges.find(({ slug }) => slug === 'requests');
  assert.equal(requests(changed)?.id, requests(plan)?.id);
  assert.equal(requests(changed)?.use_amount, 12);
  assert.deepEqual(changed.use_charges.map(({ slug }) => slug).toSorted(), ['requests', 'seats']);
});

test('two plans can have use charges with the same slug', async () => {
  for (const title of ['Counts one', 'Counts two']) {
    const plan = await makePlan(ctx, { title, use_charges: [{ slug: 'requests' }] });
    assert.equal(plan.use_charges[0]?.slug, 'requests');
  }
});

test('a derived slug follows the title until the first subscription; a chosen one does not', async () => {
  const plan = await makePlan(ctx, { title: 'New plan' });
  const renamed = await updatePlan(ctx, target(plan), { title: 'Popup Desk' });
  assert.equal(renamed.slug, 'popup-desk');
  const chosen = await makePlan(ctx, { title: 'Any title', slug: 'chosen' });
  assert.equal((await updatePlan(ctx, target(chosen), { title: 'Something else' })).slug, 'chosen');
  await subscribe(ctx, (await makePerson(database.db)).profile, renamed);
  assert.equal((await updatePlan(ctx, target(renamed), { title: 'Quiet Desk' })).slug, 'popup-desk');
});

test('currency and slug of a plan cannot change after the first subscription', async () => {
  const plan = await makePlan(ctx);
  await subscribe(ctx, (await makePerson(database.db)).profile, plan);
  await assert.rejects(updatePlan(ctx, target(plan), { unit: 'eur' }), refused('invalid_input', 'unit'));
  await assert.rejects(updatePlan(ctx, target(plan), { slug: 'another' }), refused('invalid_input', 'slug'));
  assert.equal((await updatePlan(ctx, target(plan), { unit: 'USD', period_amount: 3000 })).period_amount, 3000);
});

test('a provider can neither change nor delete the plan of another provider', async () => {
  const plan = await makePlan(ctx);
  const { profile } = await makeSeller(database.db);
  const foreign = { provider_id: profile.id, slug: plan.slug, relation: 'direct' };
  await assert.rejects(updatePlan(ctx, foreign, { title: 'Mine now' }), refused('plan_unknown'));
  await assert.rejects(deletePlan(ctx, foreign), refused('plan_unknown'));
});

test('only the broker sets its share of a sale', async () => {
  const plan = await makePlan(ctx);
  await assert.rejects(updatePlan(ctx, target(plan), { broker_fee_percent: 0 }), refused('broker_fee_protected'));
  const changed = await updatePlan(ctx, target(plan, 'broker'), { broker_fee_percent: 1000 });
  assert.equal(changed.broker_fee_percent, 1000);
});

test('a plan can be deleted until its first subscription', async () => {
  const unsold = await makePlan(ctx, { use_charges: [{ slug: 'requests' }] });
  await deletePlan(ctx, target(unsold));
  assert.equal(await reread(database.db, unsold), undefined);
  const sold = await makePlan(ctx);
  await subscribe(ctx, (await makePerson(database.db)).profile, sold);
  await assert.rejects(deletePlan(ctx, target(sold)), refused('plan_has_subscribers'));
});

test('a plan with both a subscription and a limited coupon is reported as having subscribers', async () => {
  const plan = await makePlan(ctx);
  await makeCoupon(ctx, { plan_id: plan.id });
  await subscribe(ctx, (await makePerson(database.db)).profile, plan);
  await assert.rejects(deletePlan(ctx, target(plan)), refused('plan_has_subscribers'));
});

test('a plan with a subscription cannot be deleted even if first_subscribed_at is null', async () => {
  const plan = await makePlan(ctx);
  await subscribe(ctx, (await makePerson(database.db)).profile, plan);
  await database.db.updateTable('plans').set({ first_subscribed_at: null }).where('id', '=', plan.id).execute();
  await assert.rejects(deletePlan(ctx, target(plan)), refused('plan_has_subscribers'));
});

test('a later subscription does not change first_subscribed_at of the plan', async () => {
  const plan = await makePlan(ctx);
  const first = await subscribe(ctx, (await makePerson(database.db)).profile, plan);
  const second = await testContext(database.db, { now: new Date(first.created_at.getTime() + 1000) });
  await subscribe(second, (await makePerson(database.db)).profile, plan);
  assert.deepEqual((await reread(database.db, plan))?.first_subscribed_at, first.created_at);
});

test('a plan that a coupon is limited to cannot be deleted', async () => {
  const plan = await makePlan(ctx);
  await makeCoupon(ctx, { plan_id: plan.id });
  await assert.rejects(deletePlan(ctx, target(plan)), refused('plan_in_use'));
});

test('a use charge that was used cannot be removed', async () => {
  const plan = await makePlan(ctx, { use_charges: [{ slug: 'requests' }] });
  const subscription = await subscribe(ctx, (await makePerson(database.db)).profile, plan);
  await database.db
    .insertInto('subscription_uses')
    .values({
      subscription_id: subscription.id,
      use_charge_id: plan.use_charges[0]!.id,
      period_started_at: subscription.created_at,
    })
    .execute();
  await assert.rejects(updatePlan(ctx, target(plan), { use_charges: [] }), refused('use_charge_in_use'));
});

test('a profile that is not a provider cannot create a plan', async () => {
  const profile = await makeOrganization(database.db);
  await assert.rejects(createPlan(ctx, profile.id, { title: 'Something' }, 'direct'), refused('provider_required'));
});
