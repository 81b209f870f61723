import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findInvalidKeys } from './find-invalid-keys.ts';

const configured = 'sk_test_configured';
const invalid = (secret_key: string, publishable_key: string | null = null) =>
  findInvalidKeys({ secret_key, publishable_key }, configured);

test('a secret or restricted key of the same mode is valid, with a publishable key or without', () => {
  assert.deepEqual(invalid('sk_test_new'), {});
  assert.deepEqual(invalid('rk_test_new', 'pk_test_new'), {});
});

test('each wrong field has its message, both at once, and no message has the key in it', () => {
  const swapped = invalid('pk_test_abcdefgh', 'rk_test_ijklmnop');
  assert.match(swapped['secret_key']?.[0] ?? '', /publishable key\. Give the secret or restricted one/);
  assert.match(swapped['publishable_key']?.[0] ?? '', /secret or restricted key\. Give the publishable one/);
  const live = invalid('rk_live_abcdefgh', 'pk_live_ijklmnop');
  for (const name of ['secret_key', 'publishable_key'])
    assert.deepEqual(live[name], ['The key is of live mode, and that of the settings of test mode.']);
  const malformed = invalid('sk_test_abcd efgh', 'ijklmnop');
  assert.match(malformed['secret_key']?.[0] ?? '', /no secret or restricted key of Stripe/);
  assert.match(malformed['publishable_key']?.[0] ?? '', /no publishable key of Stripe/);
  assert.deepEqual(invalid(''), { secret_key: ['This field is required.'] });
  assert.doesNotMatch(JSON.stringify([swapped, live, malformed]), /abcd|efgh|ijkl/);
});
