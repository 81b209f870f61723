import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modeOfKey, shownKey } from './stripe-keys.ts';

test('a key is shown as its prefix and last four characters, and a short one without them', () => {
  assert.equal(shownKey('rk_live_51AbCdEfGh9f3K'), 'rk_live_…9f3K');
  assert.equal(shownKey('pk_test_12345678'), 'pk_test_…5678');
  assert.equal(shownKey('sk_test_1234567'), 'sk_test_…');
  assert.equal(shownKey('another secret 12345678'), '…');
});

test('the mode of a key is in its prefix; a text that is no key has none', () => {
  assert.deepEqual(['sk_test_a', 'rk_live_a', 'pk_test_a'].map(modeOfKey), ['test', 'live', 'test']);
  assert.deepEqual(['', 'sk_other_a', 'whsec_a', 'sk_live_', 'sk_live_a b'].map(modeOfKey), [
    null,
    null,
    null,
    null,
    null,
  ]);
});
