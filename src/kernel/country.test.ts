import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countriesByName, isCountry } from './country.ts';

test('only an assigned code of two capital letters is a country', () => {
  assert.ok(isCountry('FR') && isCountry('US') && !isCountry('fr') && !isCountry('XX') && !isCountry(''));
});

test('the countries of a form are sorted by name, each once', () => {
  const countries = countriesByName('en');
  assert.equal(countries.length, 249);
  assert.equal(new Set(countries.map(({ name }) => name)).size, 249);
  assert.ok(countries.some(({ code, name }) => code === 'FR' && name === 'France'));
});
