import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Problem } from '#kernel/problem';
import { inTransaction } from '#platform/db/database';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { makeCoupon, makePlan } from '../../../test/support/factories/catalog.ts';
import { makePerson, makeSeller } from '../../../test/support/factories/subscriptions.ts';
import { countRedemptions, findCoupon, findCouponsByIds, listCoupons, releaseRedemption } from './coupon-store.ts';
import { createCoupon } from './create-coupon.ts';
import { deleteCoupon } from './delete-coupon.ts';
import { updateCoupon } from './update-coupon.ts';

let database: TestDatabase;
let ctx: TestContext;
const zone = 'America/Los_Angeles';

before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db);
});
after(() => database.close());

const broker = () => ({ id: ctx.site.broker_id, timezone: zone });
const target = (code: string) => ({ provider_id: ctx.site.broker_id, code });
const half = { discount_type: 'percentage', discount_value: 5000 } as const;
const refused = (code: string, field?: string) => (error: unknown) =>
  error instanceof Problem &&
  error.code === code &&
  (field === undefined || Object.keys(error.fields ?? {}).includes(field));

test('a coupon ends after 30 days unless its provider sets another end', async () => {
  const silent = await createCoupon(ctx, broker(), { code: 'SILENT', ...half });
  assert.equal(silent.ends_at?.getTime(), ctx.clock.now().getTime() + 30 * 86_400_000);
  const eternal = await createCoupon(ctx, broker(), { code: 'ETERNAL', ...half, ends_at: null });
  assert.equal(eternal.ends_at, null);
  const dated = await createCoupon(ctx, broker(), { code: 'DATED', ...half, ends_at: '2026-07-01' });
  assert.equal(dated.ends_at?.toISOString(), '2026-07-01T07:00:00.000Z');
});

test('a coupon with an invalid field is refused, naming the field', async () => {
  const { profile } = await makeSeller(database.db);
  const foreign = await makePlan(ctx, { provider_id: profile.id });
  const inactive = await makePlan(ctx, { is_active: false });
  const cases: [Partial<Parameters<typeof createCoupon>[2]>, string][] = [
    [{ discount_value: 0 }, 'discount_value'],
    [{ discount_value: 10_001 }, 'discount_value'],
    [{ discount_type: 'period', discount_value: 1001 }, 'discount_value'],
    [{ ends_at: 'tomorrow' }, 'ends_at'],
    [{ plan: foreign.slug }, 'plan'],
    [{ plan: inactive.slug }, 'plan'],
    [{ plan: 'nowhere' }, 'plan'],
    [{ code: 'cpn_mine' }, 'code'],
  ];
  for (const [input, field] of cases) {
    await assert.rejects(
      createCoupon(ctx, broker(), { code: 'REFUSED', ...half, ...input }),
      refused('invalid_input', field),
      field,
    );
  }
});

test('blanks and invisible characters around a code are ignored on creation, look-up and renaming', async () => {
  const coupon = await createCoupon(ctx, broker(), { code: ' PASTED\u200b\t', ...half });
  assert.equal(coupon.code, 'PASTED');
  assert.equal((await findCoupon(database.db, ctx.site.broker_id, 'pasted\u00a0'))?.id, coupon.id);
  assert.equal((await updateCoupon(ctx, target('PASTED\n'), { code: '\ufeffPasted-2 ' }, zone)).code, 'Pasted-2');
  for (const code of [' \u200b', 'with/slash', 'c'.repeat(51)])
    await assert.rejects(createCoupon(ctx, broker(), { code, ...half }), refused('invalid_input', 'code'));
});

test('a code is unique per provider, regardless of case', async () => {
  await createCoupon(ctx, broker(), { code: 'Once', ...half });
  await assert.rejects(createCoupon(ctx, broker(), { code: 'ONCE', ...half }), refused('invalid_input', 'code'));
  const { profile } = await makeSeller(database.db);
  assert.ok(await createCoupon(ctx, { id: profile.id, timezone: 'UTC' }, { code: 'ONCE', ...half }));
  assert.equal((await findCoupon(database.db, ctx.site.broker_id, 'oNcE'))?.code, 'Once');
});

test('an update that omits the end of a coupon keeps it', async () => {
  const coupon = await createCoupon(ctx, broker(), {
    code: 'KEEPS',
    ...half,
    nb_attempts: 3,
    description: 'For friends',
  });
  const changed = await updateCoupon(ctx, target('KEEPS'), { discount_value: 2500 }, zone);
  assert.deepEqual(changed, { ...coupon, discount_value: 2500 });
  const eternal = await updateCoupon(ctx, target('keeps'), { ends_at: null, nb_attempts: null }, zone);
  assert.deepEqual([eternal.ends_at, eternal.nb_attempts], [null, null]);
});

test('a coupon cannot take the code of another one or an invalid discount', async () => {
  await makeCoupon(ctx, { code: 'TAKEN' });
  await makeCoupon(ctx, { code: 'RENAMED', discount_type: 'currency', discount_value: 20_000 });
  await assert.rejects(updateCoupon(ctx, target('RENAMED'), { code: 'taken' }, zone), refused('invalid_input', 'code'));
  await assert.rejects(
    updateCoupon(ctx, target('RENAMED'), { discount_type: 'percentage' }, zone),
    refused('invalid_input', 'discount_value'),
  );
  await assert.rejects(updateCoupon(ctx, target('NOWHERE'), {}, zone), refused('coupon_unknown'));
});

test('deleting a coupon ends it if an order line or an ordered cart item refers to it', async () => {
  const buyer = await makePerson(database.db);
  const plan = await makePlan(ctx);
  const at = ctx.clock.now();
  const [ordered, recorded, open, ended, unused] = [
    await makeCoupon(ctx, { code: 'ORDERED' }),
    await makeCoupon(ctx, { code: 'RECORDED', ends_at: new Date(at.getTime() + 1) }),
    await makeCoupon(ctx, { code: 'OPEN' }),
    await makeCoupon(ctx, { code: 'OVER', ends_at: new Date(at.getTime() - 1) }),
    await makeCoupon(ctx, { code: 'UNUSED' }),
  ];
  for (const coupon of [ordered, ended]) {
    const order = await database.db
      .insertInto('orders')
      .values({
        profile_id: buyer.profile.id,
        state: 'settled',
        cart_version: '',
        amount: 0,
        unit: 'usd',
        created_at: at,
      })
      .returning('id')
      .executeTakeFirstOrThrow();
    await database.db
      .insertInto('order_lines')
      .values({
        order_id: order.id,
        rank: 0,
        kind: 'setup',
        provider_id: plan.profile_id,
        coupon_id: coupon.id,
        amount: 0,
        unit: 'usd',
        description: '',
      })
      .execute();
  }
  const item = { user_id: buyer.user.id, plan_id: plan.id, created_at: at };
  await database.db
    .insertInto('cart_items')
    .values([
      { ...item, coupon_id: recorded.id, recorded_at: at },
      { ...item, coupon_id: open.id, recorded_at: null },
    ])
    .execute();
  for (const { code } of [ordered, recorded, open, ended, unused]) await deleteCoupon(ctx, target(code));
  const left = await findCouponsByIds(
    database.db,
    [ordered, recorded, open, ended, unused].map(({ id }) => id),
  );
  assert.deepEqual([...left.values()].map(({ code, ends_at }) => [code, ends_at]).toSorted(), [
    ['ORDERED', at],
    ['OVER', ended.ends_at],
    ['RECORDED', at],
  ]);
  const items = await database.db.selectFrom('cart_items').select('coupon_id').where('plan_id', '=', plan.id).execute();
  assert.deepEqual(items.map(({ coupon_id }) => coupon_id).toSorted(), [recorded.id, null].toSorted());
  await assert.rejects(deleteCoupon(ctx, target('UNUSED')), refused('coupon_unknown'));
});

test('of six concurrent orders only two get the two redemptions left', async () => {
  const coupon = await makeCoupon(ctx, { nb_attempts: 2 });
  const taken = await Promise.all(
    Array.from({ length: 6 }, () =>
      inTransaction(database.db, async (tx) => (await countRedemptions(tx, [coupon.id])).has(coupon.id)),
    ),
  );
  assert.equal(taken.filter((is_taken) => is_taken).length, 2);
  const attempts = async () => (await findCouponsByIds(database.db, [coupon.id])).get(coupon.id)?.nb_attempts;
  assert.equal(await attempts(), 0);
  await inTransaction(database.db, (tx) => releaseRedemption(tx, coupon.id));
  assert.equal(await attempts(), 1);
});

test('a coupon without limit has no redemptions to count', async () => {
  const coupon = await makeCoupon(ctx, { nb_attempts: null });
  assert.deepEqual(await inTransaction(database.db, (tx) => countRedemptions(tx, [coupon.id])), new Set([coupon.id]));
  await inTransaction(database.db, (tx) => releaseRedemption(tx, coupon.id));
  assert.equal((await findCouponsByIds(database.db, [coupon.id])).get(coupon.id)?.nb_attempts, null);
});

test('the list of coupons excludes those of group purchases', async () => {
  const { profile } = await makeSeller(database.db);
  await makeCoupon(ctx, { profile_id: profile.id, code: 'cpn_0123456789abcdef' });
  await makeCoupon(ctx, { profile_id: profile.id, code: 'cpnx' });
  const list = { page: 1, page_size: 25, terms: [], fields: [], order: [], start_at: null, ends_at: null };
  const page = await listCoupons(database.db, profile.id, list, new URL('http://cowork.test/'));
  assert.deepEqual(
    page.results.map(({ code }) => code),
    ['cpnx'],
  );
});
