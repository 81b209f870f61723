import assert from 'node:assert/strict';
import { test } from 'node:test';
import { redactKeys } from './redact-keys.ts';

test('no key of a payment processor reaches the log', () => {
  const line = '{"msg":"no sk_test_51Abc_x, rk_live_9; whsec_abc, pi_3_secret_Zz9","err":"Bearer sk_live_1"}';
  assert.equal(
    redactKeys(line),
    '{"msg":"no sk_[redacted], rk_[redacted]; whsec_[redacted], pi_3_secret_[redacted]","err":"Bearer sk_[redacted]"}',
  );
  const harmless = '{"route":"/api/task_list","processor_key":"ch_1","public":"pk_test_1","status":200}';
  assert.equal(redactKeys(harmless), harmless);
});
