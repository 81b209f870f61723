import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { periodTypes } from '#kernel/period';
import { aCoupon, aPlan } from '../../../test/support/catalog-samples.ts';
import { discountTypes, type DiscountType } from '../discount.ts';
import { setupFee } from '../plans/plan.ts';
import { describeOption } from './describe-option.ts';
import { chooseOption, priceOptions } from './price-options.ts';

const from = new Date('2026-01-10T10:00:00Z');

// 90.00 a month with four advance discounts.
const matrixPlan = aPlan({
  slug: 'basic',
  period_amount: 9000,
  period_type: 'monthly',
  advance_discounts: [
    { discount_type: 'percentage', discount_value: 1000, length: 12 },
    { discount_type: 'currency', discount_value: 1000, length: 12 },
    { discount_type: 'period', discount_value: 2, length: 12 },
    { discount_type: 'percentage', discount_value: 1234, length: 3 },
  ],
});

test('C6 §3.4 each combination of advance discount and coupon has its price and text', () => {
  const cases: [[DiscountType, number] | null, number[], (string | null)[]][] = [
    [
      null,
      [9000, 23_600, 97_200, 107_000, 90_000],
      [null, 'a 12.34% discount', 'a 10% discount', 'a $10.00 off', '2 months free'],
    ],
    [
      ['percentage', 5000],
      [4500, 11_800, 48_600, 53_500, 45_000],
      [
        'a 50% discount',
        'a 56.29% discount',
        'a 55% discount',
        'a 50% discount and a $10.00 off',
        'a 50% discount and 2 months free',
      ],
    ],
    [
      ['currency', 5000],
      [4000, 18_600, 92_200, 102_000, 85_000],
      [
        'a $50.00 off',
        'a 12.34% discount and a $50.00 off',
        'a 10% discount and a $50.00 off',
        'a $60.00 off',
        '2 months free and a $50.00 off',
      ],
    ],
    [
      ['period', 1],
      [0, 14_600, 88_200, 98_000, 81_000],
      [
        '1 month free',
        'a 12.34% discount and 1 month free',
        'a 10% discount and 1 month free',
        '1 month free and a $10.00 off',
        '3 months free',
      ],
    ],
    [
      ['percentage', 3333],
      [6001, 15_735, 64_804, 71_337, 60_003],
      [
        'a 33.33% discount',
        'a 41.72% discount',
        'a 39.99% discount',
        'a 33.33% discount and a $10.00 off',
        'a 33.33% discount and 2 months free',
      ],
    ],
  ];
  for (const [discount, amounts, texts] of cases) {
    const coupon = discount && aCoupon({ discount_type: discount[0], discount_value: discount[1] });
    const options = priceOptions(matrixPlan, { coupon, from });
    assert.deepEqual(
      options.map(({ amount }) => amount),
      amounts,
    );
    assert.deepEqual(
      options.map(({ discounts }) => discounts.join(' and ') || null),
      texts,
    );
  }
});

test('a coupon of 100 % leaves one free option', () => {
  const options = priceOptions(matrixPlan, { coupon: aCoupon({ discount_value: 10_000 }), from });
  assert.deepEqual(
    options.map(({ amount }) => amount),
    [0],
  );
  assert.equal(chooseOption(options, 0), options[0]);
});

test('the text of a year in advance has its end, its months and its discount', () => {
  const option = chooseOption(priceOptions(matrixPlan, { coupon: null, from }), 3);
  assert.ok(option);
  assert.equal(
    describeOption(matrixPlan, option),
    'Subscription to basic until 2027/01/10 (12 months) - a 10% discount',
  );
  assert.equal(option.periods_count, 12);
  assert.equal(option.covers_to.toISOString(), '2027-01-10T10:00:00.000Z');
});

test('§2.2 the text of a line names the coupon, the beneficiary, the payer and the company', () => {
  const coupon = aCoupon({ code: 'PROMO50', discount_value: 5000 });
  const [single] = priceOptions(matrixPlan, { coupon, from });
  assert.ok(single);
  const head = 'Subscription to basic until 2026/02/10 (1 month)';
  assert.equal(
    describeOption(matrixPlan, single, { beneficiary: { full_name: 'New Guy', sync_on: 'new@x.com' } }),
    `${head} - a 50% discount (code: PROMO50) for New Guy (new@x.com)`,
  );
  const [plain] = priceOptions(matrixPlan, { coupon: null, from });
  assert.ok(plain);
  assert.equal(describeOption(matrixPlan, plain), head);
  assert.equal(
    describeOption(matrixPlan, plain, { beneficiary: { full_name: 'Bob', sync_on: 'bob@x.com' } }),
    `${head} - for Bob (bob@x.com)`,
  );
  assert.equal(describeOption(matrixPlan, plain, { subscriber: 'Acme Inc' }), `${head} - Acme Inc`);
});

test('a line of a group purchase names its payer, or no payer at all', () => {
  const [free] = priceOptions(matrixPlan, { coupon: aCoupon({ code: 'cpn_1234', discount_value: 10_000 }), from });
  assert.ok(free);
  const head = 'Subscription to basic until 2026/02/10 (1 month) - a 100% discount';
  assert.equal(
    describeOption(matrixPlan, free, { complimentary_of: 'Joe Bulk' }),
    `${head}, complimentary of Joe Bulk`,
  );
  assert.equal(describeOption(matrixPlan, free), head);
});

// Regression: a plan period of several natural periods was sold as one natural period.
test('§3.5 an option of a plan of two years costs, describes and covers two years', () => {
  const plan = aPlan({ slug: 'duo', period_amount: 10_000, period_type: 'yearly', period_length: 2 });
  const [option] = priceOptions(plan, { coupon: null, from: new Date('2026-01-31T10:00:00Z') });
  assert.ok(option);
  assert.equal(option.amount, 10_000);
  assert.equal(option.periods_count, 2);
  assert.equal(describeOption(plan, option), 'Subscription to duo until 2028/01/31 (2 years)');
});

test('digits in the slug of a plan do not change the number of periods', () => {
  const plan = aPlan({ slug: '3-month-trial', period_amount: 0, period_type: 'monthly' });
  assert.equal(priceOptions(plan, { coupon: null, from })[0]?.periods_count, 1);
});

test('§3.5 both options of a plan with an unlock event cover one plan period', () => {
  const plan = aPlan({
    slug: 'report',
    period_amount: 9900,
    period_type: 'yearly',
    unlock_event: 'download the report',
  });
  const options = priceOptions(plan, { coupon: null, from });
  assert.deepEqual(
    options.map(({ amount, periods_count }) => [amount, periods_count]),
    [
      [9900, 1],
      [0, 1],
    ],
  );
  assert.ok(options.every(({ covers_from, covers_to }) => covers_to > covers_from));
  assert.deepEqual(
    options.map((option) => describeOption(plan, option)),
    [
      "Unlock report now. Don't worry later to download the report.",
      'Access report Today. Pay $99.00 later to download the report.',
    ],
  );
});

test('consecutive periods keep the day of the month on which the subscription began', () => {
  const anchor = new Date('2026-01-31T10:00:00Z');
  const february = new Date('2026-02-28T10:00:00Z');
  const [option] = priceOptions(matrixPlan, { coupon: null, from: february, anchor });
  assert.equal(option?.covers_to.toISOString(), '2026-03-31T10:00:00.000Z');
});

test('a buyer with several options has to choose one', () => {
  const options = priceOptions(matrixPlan, { coupon: null, from });
  assert.equal(chooseOption(options, 0), null);
  assert.equal(chooseOption(options, 6), null);
  assert.equal(chooseOption(options, 5), options[4]);
});

const anyDiscount = fc.constantFrom(...discountTypes).chain((discount_type) =>
  fc.record({
    discount_type: fc.constant(discount_type),
    discount_value: fc.integer({ min: 1, max: { percentage: 10_000, currency: 1e9, period: 1000 }[discount_type] }),
  }),
);
const anyPlan = fc
  .record({
    period_amount: fc.integer({ min: 0, max: 1e11 }),
    period_type: fc.constantFrom(...periodTypes),
    period_length: fc.integer({ min: 1, max: 24 }),
    advance_discounts: fc.array(fc.tuple(anyDiscount, fc.integer({ min: 1, max: 100 })), { maxLength: 4 }),
  })
  .map(({ advance_discounts, ...plan }) =>
    aPlan({ ...plan, advance_discounts: advance_discounts.map(([discount, length]) => ({ ...discount, length })) }),
  );

test('advance options that end after the year 9999 are excluded', () => {
  const discounts = [10, 1000].map((length) => ({ discount_type: 'percentage', discount_value: 0, length }) as const);
  const plan = aPlan({ period_type: 'yearly', period_length: 1000, advance_discounts: discounts });
  assert.deepEqual(
    priceOptions(plan, { coupon: null, from }).map((option) => describeOption(plan, option)),
    [`Subscription to ${plan.slug} until 3026/01/10 (1000 years)`],
  );
});

test('every price is a whole number between zero and its full amount, and covers time', () => {
  fc.assert(
    fc.property(anyPlan, fc.option(anyDiscount), (plan, discount) => {
      const options = priceOptions(plan, { coupon: discount && aCoupon(discount), from });
      assert.ok(options.length >= 1);
      for (const option of options) {
        assert.ok(Number.isSafeInteger(option.amount) && option.amount >= 0 && option.amount <= option.full_amount);
        assert.ok(option.covers_to > option.covers_from && option.periods_count >= plan.period_length);
        assert.ok(option.discounts.every((text) => !/undefined|NaN|-/.test(text)));
      }
    }),
  );
});

test('a larger coupon never increases a price', () => {
  fc.assert(
    fc.property(anyPlan, anyDiscount, fc.nat({ max: 1000 }), (plan, discount, more) => {
      const larger = { ...discount, discount_value: discount.discount_value + more };
      const [less] = priceOptions(plan, { coupon: aCoupon(discount), from });
      const [most] = priceOptions(plan, { coupon: aCoupon(larger), from });
      return (most?.amount ?? 0) <= (less?.amount ?? 0);
    }),
  );
});

test('advance prices with a percentage discount are whole units', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e9 }),
      fc.integer({ min: 1, max: 9999 }),
      fc.integer({ min: 2, max: 60 }),
      (period_amount, discount_value, length) => {
        const plan = aPlan({
          period_amount,
          advance_discounts: [{ discount_type: 'percentage', discount_value, length }],
        });
        return priceOptions(plan, { coupon: null, from })
          .slice(1)
          .every(({ amount }) => amount % 100 === 0);
      },
    ),
  );
});

test('a price in a currency without decimals is a whole number of units after every discount', () => {
  for (const unit of ['jpy', 'isk']) {
    const plan = aPlan({
      unit,
      period_amount: 100_000,
      setup_amount: 150,
      advance_discounts: [
        { discount_type: 'percentage', discount_value: 1234, length: 3 },
        { discount_type: 'currency', discount_value: 50, length: 12 },
      ],
    });
    const [single, ...advance] = priceOptions(plan, { coupon: aCoupon({ discount_value: 3333 }), from });
    assert.equal(single?.amount, 66_600);
    for (const { amount } of advance) assert.equal(amount % 100, 0);
    assert.equal(setupFee(plan)?.amount, 100);
  }
  const [dollars] = priceOptions(aPlan({ period_amount: 1001 }), { coupon: aCoupon({ discount_value: 3333 }), from });
  assert.equal(dollars?.amount, 668);
});
