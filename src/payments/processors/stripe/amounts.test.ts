import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { currencyCodes } from '#kernel/money';
import { cardMinimum } from '../card-minimums.ts';
import { chargeMaximum, fromStripe, fundsOf, isPayable, toStripe } from './amounts.ts';

// Kinds of currencies at Stripe, from its documentation.
const WHOLE = 'bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf'.split(' ');
const TWO_DECIMALS_OF_ZERO = ['isk', 'ugx'];
const THREE_DECIMALS = ['bhd', 'jod', 'kwd', 'omr', 'tnd'];

test('S32: an amount is converted by the kind of its currency, and back without a difference', () => {
  for (const unit of currencyCodes().concat(THREE_DECIMALS)) {
    const factor = WHOLE.includes(unit) ? 1 / 100 : THREE_DECIMALS.includes(unit) ? 10 : 1;
    assert.equal(toStripe({ amount: 50_000, unit }), 50_000 * factor, unit);
    assert.deepEqual(fromStripe(50_000 * factor, unit), { amount: 50_000, unit });
    if (WHOLE.includes(unit) || TWO_DECIMALS_OF_ZERO.includes(unit)) {
      assert.throws(() => toStripe({ amount: 50_050, unit }), { message: `50050 ${unit} is no amount of Stripe` });
    } else assert.equal(toStripe({ amount: 50_050, unit }), 50_050 * factor);
  }
});

test('S31: amounts below the minimum, above the maximum or without a whole unit are not chargeable', () => {
  const cases: [amount: number, unit: string, is_chargeable: boolean][] = [
    [49, 'usd', false],
    [50, 'usd', true],
    [4900, 'jpy', false],
    [5000, 'jpy', true],
    [30, 'gbp', true],
    [29, 'gbp', false],
    [99_999_999, 'usd', true],
    [100_000_000, 'usd', false],
    [10_000_000_000, 'usd', false],
    [9_999_999_900, 'jpy', true],
    [10_000_000_000, 'jpy', false],
    [9_999_999, 'kwd', true],
    [10_000_000, 'kwd', false],
    [99_999_900, 'isk', true],
    [100_000_000, 'ugx', false],
  ];
  for (const [amount, unit, is_chargeable] of cases) {
    assert.equal(amount >= cardMinimum(unit) && amount <= chargeMaximum(unit), is_chargeable, `${amount} ${unit}`);
  }
});

test('S62: forint and Taiwan dollar are paid out in whole units, and charged in fractions', () => {
  for (const unit of ['huf', 'twd']) {
    assert(!isPayable({ amount: 150, unit }) && isPayable({ amount: 200, unit }));
    assert.equal(toStripe({ amount: 150, unit }), 150);
  }
  assert(isPayable({ amount: 151, unit: 'usd' }) && !isPayable({ amount: 150, unit: 'jpy' }));
});

test('net amount, fee and broker fee add up to the whole in every currency', () => {
  const direct = {
    amount: 17_999,
    net: 15_648,
    currency: 'usd',
    fee_details: [
      { type: 'stripe_fee', amount: 552 },
      { type: 'application_fee', amount: 1799 },
    ],
  };
  assert.deepEqual(fundsOf(direct), { net: 15_648, fee: 552, broker_fee: 1799, unit: 'usd' });
  const kwd = { amount: 5120, net: 4942, currency: 'kwd', fee_details: [{ type: 'tax', amount: 178 }] };
  assert.deepEqual(fundsOf(kwd), { net: 494, fee: 18, broker_fee: 0, unit: 'kwd' });
  fc.assert(
    fc.property(
      fc.constantFrom('usd', 'jpy', 'isk', 'kwd'),
      fc.nat(99_999_999),
      fc.nat(9999),
      fc.nat(9999),
      (currency, amount, fee, application_fee) => {
        const fee_details = [{ type: 'application_fee', amount: application_fee }];
        const parts = fundsOf({ amount, net: amount - fee - application_fee, currency, fee_details });
        assert.equal(parts.net + parts.fee + parts.broker_fee, fromStripe(amount, currency).amount);
      },
    ),
  );
});
