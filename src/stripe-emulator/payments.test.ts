import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failureOf, startStripe } from '../../test/support/stripe-emulator.ts';
import { findShapeFaults } from './shapes/index.ts';

const cards_only = { automatic_payment_methods: { enabled: true, allow_redirects: 'never' } } as const;
const paid = { amount: 17999, currency: 'usd', confirm: true, capture_method: 'automatic', ...cards_only } as const;

function assertShape(value: unknown): void {
  assert.deepEqual(findShapeFaults(JSON.parse(JSON.stringify(value))), []);
}

test('S2 payments, refunds, balance and events have the shapes of Stripe', async () => {
  await using site = await startStripe();
  const { stripe, emulator } = site;
  const customer = await stripe.customers.create({ email: 'a@example.com', metadata: { a: '1' } });
  const intent = await stripe.paymentIntents.create({
    ...paid,
    customer: customer.id,
    payment_method: 'pm_card_visa',
    expand: ['latest_charge.balance_transaction', 'payment_method'],
  });
  const declined = await failureOf(stripe.paymentIntents.create({ ...paid, payment_method: 'pm_card_chargeDeclined' }));
  const asking = await stripe.paymentIntents.create({
    ...paid,
    payment_method: 'pm_card_threeDSecure2Required',
    return_url: 'https://example.com/',
  });
  const refund = await stripe.refunds.create({ payment_intent: intent.id, expand: ['balance_transaction', 'charge'] });
  const token = await stripe.testHelpers.confirmationTokens.create({ payment_method: 'pm_card_visa' });
  for (const value of [customer, intent, declined.raw, asking, refund, token]) assertShape(value);
  assertShape(await stripe.balance.retrieve());
  assertShape(await stripe.events.list({ limit: 100 }));
  assert.deepEqual([intent.status, asking.status, declined.code], ['succeeded', 'requires_action', 'card_declined']);
  assert.deepEqual(emulator.control.invariants(), []);
});
