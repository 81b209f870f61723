import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { currencyDecimals, processorScale } from './currency.ts';
import {
  allocateMoney,
  chargeStep,
  currencyCodes,
  fromSmallestUnit,
  partsFromSmallestUnit,
  toSmallestUnit,
  wholeAmount,
} from './money.ts';

/** The 167 codes of ISO 4217 that have a minor unit (List One of 2025). */
const isoCodes = `
  aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob bov brl bsd btn bwp byn bzd cad cdf
  che chf chw clf clp cny cop cou crc cup cve czk djf dkk dop dzd egp ern etb eur fjd fkp gbp gel ghs gip gmd gnf
  gtq gyd hkd hnl htg huf idr ils inr iqd irr isk jmd jod jpy kes kgs khr kmf kpw krw kwd kyd kzt lak lbp lkr lrd
  lsl lyd mad mdl mga mkd mmk mnt mop mru mur mvr mwk mxn mxv myr mzn nad ngn nio nok npr nzd omr pab pen pgk php
  pkr pln pyg qar ron rsd rub rwf sar sbd scr sdg sek sgd shp sle sos srd ssp stn svc syp szl thb tjs tmt tnd top
  try ttd twd tzs uah ugx usd usn uyi uyu uyw uzs ved ves vnd vuv wst xad xaf xcd xcg xof xpf yer zar zmw zwg
`
  .trim()
  .split(/\s+/);

/** 1000.00 of each currency that is not counted in 1/100, as a card processor counts it. All others: 100000. */
// oxfmt-ignore
const counts: Readonly<Record<string, number>> = {
  bif: 1000, clp: 1000, djf: 1000, gnf: 1000, jpy: 1000, kmf: 1000, krw: 1000, mga: 1000, pyg: 1000, rwf: 1000, uyi: 1000,
  vnd: 1000, vuv: 1000, xaf: 1000, xof: 1000, xpf: 1000,
  bhd: 1_000_000, iqd: 1_000_000, jod: 1_000_000, kwd: 1_000_000, lyd: 1_000_000, omr: 1_000_000, tnd: 1_000_000,
  clf: 10_000_000, uyw: 10_000_000,
};
/** Counted in 1/100, although the currency has no decimals. */
const wholeHundreds = new Set(['isk', 'ugx']);

test('a code of ISO 4217 with other decimals than 2 is one of the 167', () => {
  assert.equal(new Set(isoCodes).size, 167);
  for (const code of Object.keys(counts)) assert.ok(isoCodes.includes(code), code);
  for (const code of isoCodes) assert.ok(processorScale(code) !== null, code);
});

for (const code of isoCodes) {
  test(`1000.00 ${code} is converted to the count of a processor and back`, () => {
    const count = counts[code] ?? 100_000;
    assert.equal(toSmallestUnit({ amount: 100_000, unit: code }), count);
    assert.deepEqual(fromSmallestUnit(count, code), { amount: 100_000, unit: code });
    assert.deepEqual(fromSmallestUnit(-count, code), { amount: -100_000, unit: code });
    const isWhole = count === 1000 || wholeHundreds.has(code);
    assert.equal(chargeStep(code), isWhole ? 100 : 1);
    assert.equal(toSmallestUnit({ amount: 100_050, unit: code }) === null, isWhole, 'half a unit can be charged');
    // Three-decimal currencies are charged in tens of their smallest unit.
    if (count === 1_000_000) assert.equal((toSmallestUnit({ amount: 1, unit: code }) ?? 0) % 10, 0);
  });
}

test('an amount in a unit without coins, or too large to be counted exactly, cannot be charged', () => {
  for (const unit of ['xau', 'xdr', 'xts', 'xxx']) assert.equal(toSmallestUnit({ amount: 100, unit }), null);
  assert.equal(toSmallestUnit({ amount: Number.MAX_SAFE_INTEGER, unit: 'kwd' }), null);
  assert.equal(processorScale('xau'), null);
});

test('each amount that can be charged is converted back to itself, in each currency', () => {
  fc.assert(
    fc.property(fc.integer({ min: -1e12, max: 1e12 }), fc.constantFrom(...isoCodes), (amount, unit) => {
      const whole = wholeAmount({ amount, unit });
      const count = toSmallestUnit({ amount: whole, unit });
      assert(count !== null && Math.abs(whole) <= Math.abs(amount));
      assert.equal(fromSmallestUnit(count, unit).amount, whole);
    }),
  );
});

test('a third decimal is rounded half away from zero', () => {
  assert.deepEqual(fromSmallestUnit(10_505, 'kwd'), { amount: 1051, unit: 'kwd' });
  assert.deepEqual(fromSmallestUnit(-10_505, 'kwd'), { amount: -1051, unit: 'kwd' });
  assert.deepEqual(fromSmallestUnit(10_504, 'kwd'), { amount: 1050, unit: 'kwd' });
  assert.deepEqual(fromSmallestUnit(-4, 'kwd'), { amount: 0, unit: 'kwd' });
});

test('net and fee add up to the whole in each currency, where both would be rounded up', () => {
  // 5.120 kwd with a fee of 178 fils: 4.942 → 4.94, and 0.178 would become 0.18. The fee is 5.12 less 4.94.
  assert.deepEqual(partsFromSmallestUnit({ whole: 5120, net: 4942 }, 'kwd'), { whole: 512, net: 494, fee: 18 });
  assert.deepEqual(partsFromSmallestUnit({ whole: 5120, net: 4945 }, 'kwd'), { whole: 512, net: 495, fee: 17 });
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1e9 }),
      fc.integer({ min: 0, max: 10_000 }),
      fc.constantFrom(...isoCodes),
      (whole, share, unit) => {
        const net = Math.floor((whole * share) / 10_000);
        const parts = partsFromSmallestUnit({ whole, net }, unit);
        assert.equal(parts.net + parts.fee, parts.whole);
        assert.equal(parts.whole, fromSmallestUnit(whole, unit).amount);
        assert(parts.net >= 0 && parts.fee >= 0);
      },
    ),
  );
  assert.throws(() => partsFromSmallestUnit({ whole: 1, net: 2 }, 'usd'));
});

test('yen are allocated in whole yen and cents in cents, and the parts add up to the amount', () => {
  assert.deepEqual(allocateMoney({ amount: 1000, unit: 'jpy' }, [1, 1, 1]), [400, 300, 300]);
  assert.deepEqual(allocateMoney({ amount: 1000, unit: 'usd' }, [1, 1, 1]), [334, 333, 333]);
  assert.deepEqual(allocateMoney({ amount: 1050, unit: 'jpy' }, [1, 1]), [525, 525]);
});

test('the currencies of prices have their ISO decimals; former currencies have two', () => {
  for (const code of currencyCodes()) assert([0, 2, 3].includes(currencyDecimals(code)), code);
  assert.equal(currencyDecimals('mro'), 2);
});
