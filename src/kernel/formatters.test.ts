import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dateFormatter, displayNames, numberFormatter } from './formatters.ts';

test('a formatter is made once for a language, a time zone and options', () => {
  const options = { dateStyle: 'medium', timeZone: 'Europe/Paris' } as const;
  assert.equal(dateFormatter('fr', options), dateFormatter('fr', { ...options }));
  assert.notEqual(dateFormatter('fr', options), dateFormatter('fr', { ...options, timeZone: 'UTC' }));
  assert.notEqual(dateFormatter('fr', options), dateFormatter('en', options));
  assert.equal(numberFormatter('fr', {}).format(1.5), '1,5');
  assert.equal(displayNames('fr', { type: 'region' }).of('DE'), 'Allemagne');
});

test('an unknown language or time zone throws each time', () => {
  for (let time = 0; time < 2; time += 1) {
    assert.throws(() => dateFormatter('en', { timeZone: 'Mars/Base' }), RangeError);
    assert.throws(() => numberFormatter('not a tag', {}), RangeError);
  }
});

test('the formatters that were not used for the longest time are made again', () => {
  const first = numberFormatter('de', {});
  const used = numberFormatter('es', {});
  for (let digits = 0; digits < 99; digits += 1) {
    numberFormatter('de', { maximumFractionDigits: digits });
    assert.equal(numberFormatter('es', {}), used);
  }
  assert.notEqual(numberFormatter('de', {}), first);
});
