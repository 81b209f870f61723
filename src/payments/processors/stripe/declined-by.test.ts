import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { Stripe } from 'stripe';
import { declinedBy } from './declined-by.ts';
import type { StripeNeeds } from './stripe-needs.ts';

const needs = { log: pino({ level: 'silent' }), onUnknown() {} } as unknown as StripeNeeds; // all that a refusal reads
const refuse = (facts: { code?: string; param?: string }) =>
  new Stripe.errors.StripeInvalidRequestError({ type: 'invalid_request_error', message: 'No.', ...facts });

for (const [title, facts, expected] of [
  ['a currency that the account does not charge', { param: 'currency' }, ['refused', 'currency_refused']],
  ['an amount below the least', { code: 'amount_too_small', param: 'amount' }, ['refused', 'amount_too_small']],
  ['a token that was used', { code: 'resource_missing', param: 'payment_method' }, ['new_card', 'token_unusable']],
] as const)
  test(`a request that Stripe refuses for ${title} is a decline with its code`, () => {
    const { kind, code } = declinedBy(needs, refuse(facts));
    assert.deepEqual([kind, code], expected);
  });

test('an error of Stripe itself is no decline: the outcome is unknown', () => {
  const error = new Stripe.errors.StripeAPIError({ type: 'api_error', message: 'No.' });
  assert.throws(
    () => declinedBy(needs, error),
    (thrown) => thrown === error,
  );
});
