import assert from 'node:assert/strict';
import { test } from 'node:test';
import Stripe from 'stripe';
import { failureOf, startStripe, type EmulatedStripe } from '../../test/support/stripe-emulator.ts';

const order = {
  amount: 2000,
  currency: 'usd',
  confirm: true,
  capture_method: 'automatic',
  payment_method: 'pm_card_visa',
  automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
} as const;
const { errors } = Stripe;

/** Options that name a fault of one call. */
const fault = (text: string) => ({ headers: { 'Tollgate-Emulator-Fault': text } });

// oxfmt-ignore
const refusals: [name: string, call: (site: EmulatedStripe) => Promise<unknown>, error: unknown, status: number, code: string | undefined][] = [
  ['missing parameter', ({ stripe }) => stripe.paymentIntents.create({ amount: 100 } as never), errors.StripeInvalidRequestError, 400, 'parameter_missing'],
  ['unknown parameter', ({ stripe }) => stripe.paymentIntents.create({ ...order, payment_method_types: ['card'] } as never), errors.StripeInvalidRequestError, 400, 'parameter_unknown'],
  ['fraction', ({ stripe }) => stripe.paymentIntents.create({ ...order, amount: 10.5 }), errors.StripeInvalidRequestError, 400, 'parameter_invalid_integer'],
  ['empty text', ({ stripe }) => stripe.paymentIntents.create({ ...order, customer: '' }), errors.StripeInvalidRequestError, 400, 'parameter_invalid_empty'],
  ['exclusive', ({ stripe }) => stripe.refunds.create({ charge: 'ch_1', payment_intent: 'pi_1' }), errors.StripeInvalidRequestError, 400, 'parameters_exclusive'],
  ['id in parameters', ({ stripe }) => stripe.paymentIntents.create({ ...order, customer: 'cus_x' }), errors.StripeInvalidRequestError, 400, 'resource_missing'],
  ['id in the path', ({ stripe }) => stripe.charges.retrieve('ch_x'), errors.StripeInvalidRequestError, 404, 'resource_missing'],
  ['too small', ({ stripe }) => stripe.paymentIntents.create({ ...order, amount: 49 }), errors.StripeInvalidRequestError, 400, 'amount_too_small'],
  ['too large', ({ stripe }) => stripe.paymentIntents.create({ ...order, amount: 100_000_000 }), errors.StripeInvalidRequestError, 400, 'amount_too_large'],
  ['fee on the platform', ({ stripe }) => stripe.paymentIntents.create({ ...order, application_fee_amount: 5 }), errors.StripeInvalidRequestError, 400, 'application_fees_not_allowed'],
  ['declined card', ({ stripe }) => stripe.paymentIntents.create({ ...order, payment_method: 'pm_card_chargeDeclinedInsufficientFunds' }), errors.StripeCardError, 402, 'card_declined'],
  ['expired card', ({ stripe }) => stripe.paymentIntents.create({ ...order, payment_method: 'pm_card_chargeDeclinedExpiredCard' }), errors.StripeCardError, 402, 'expired_card'],
  ['url', ({ stripe }) => stripe.webhookEndpoints.create({ url: 'x', enabled_events: ['*'] }), errors.StripeInvalidRequestError, 400, 'url_invalid'],
  ['bad key', ({ connect }) => connect('sk_test_x').balance.retrieve(), errors.StripeAuthenticationError, 401, undefined],
  ['revoked key', ({ stripe }) => stripe.balance.retrieve({}, fault('401')), errors.StripeAuthenticationError, 401, 'api_key_expired'],
  ['permission', ({ stripe }) => stripe.balance.retrieve({}, fault('403;permission=balance_read')), errors.StripePermissionError, 403, 'more_permissions_required'],
  ['lock', ({ stripe }) => stripe.customers.create({}, fault('409_lock')), errors.StripeAPIError, 409, 'lock_timeout'],
  ['rate', ({ stripe }) => stripe.customers.create({}, fault('429')), errors.StripeRateLimitError, 429, 'rate_limit'],
  ['server', ({ stripe }) => stripe.customers.create({}, fault('500_before')), errors.StripeAPIError, 500, undefined],
  ['unsupported', ({ stripe }) => stripe.products.list(), errors.StripeAPIError, 501, 'emulator_unsupported'],
];

test('S7 each refusal has its class, status, code and request id', async () => {
  await using site = await startStripe();
  for (const [name, call, kind, status, code] of refusals) {
    const error = await failureOf(call(site));
    assert.equal(error.constructor, kind, name);
    assert.deepEqual([error.statusCode, error.code], [status, code], name);
    assert.match(error.requestId ?? '', /^req_/, name);
  }
  const declined = await failureOf(
    site.stripe.paymentIntents.create({ ...order, payment_method: 'pm_card_chargeDeclined' }),
  );
  assert.equal(declined.payment_intent?.status, 'requires_payment_method');
  assert.equal((await site.stripe.charges.retrieve(declined.charge ?? '')).status, 'failed');
});

// oxfmt-ignore
const faults: [text: string, charges: number][] = [
  ['500_before', 1], ['500_after', 1], ['cut_before', 1], ['cut_after', 1], ['cut_body', 1],
  ['timeout;ms=60', 1], ['trickle;ms=0', 1], ['502_html', 1], ['500_no_error', 1], ['200_html', 1],
];

test('S9 a fault leaves at most one charge, and a retry with the same key returns its intent', async () => {
  await using site = await startStripe();
  const { stripe } = site;
  for (const [text, count] of faults) {
    const customer = await stripe.customers.create();
    const params = { ...order, customer: customer.id, metadata: { attempt: text } };
    const key = { idempotencyKey: `attempt ${text}` };
    await stripe.paymentIntents.create(params, { ...key, ...fault(text) }).catch(() => {});
    const intent = await stripe.paymentIntents.create(params, key);
    assert.equal(intent.status, 'succeeded', text);
    assert.equal((await stripe.charges.list({ customer: customer.id })).data.length, count, text);
  }
  assert.deepEqual(site.emulator.control.invariants(), []);
});

test('S9 a stored 500 is replayed, and a list by customer finds the payment that was made', async () => {
  await using site = await startStripe();
  const { stripe, emulator } = site;
  const customer = await stripe.customers.create();
  const params = { ...order, customer: customer.id };
  const key = { idempotencyKey: 'stored' };
  assert.equal(
    (await failureOf(stripe.paymentIntents.create(params, { ...key, ...fault('500_stored') }))).statusCode,
    500,
  );
  assert.equal((await failureOf(stripe.paymentIntents.create(params, key))).statusCode, 500);
  const { data } = await stripe.paymentIntents.list({ customer: customer.id });
  assert.deepEqual(
    data.map(({ status }) => status),
    ['succeeded'],
  );
  await stripe.paymentIntents.create({ ...params, metadata: { emulator_fault: 'late_balance;s=60' } });
  const late = (await stripe.charges.list({ customer: customer.id })).data[0];
  assert.equal(late?.balance_transaction, null);
  await emulator.control.advance(60);
  assert.match(String((await stripe.charges.retrieve(late?.id ?? '')).balance_transaction), /^txn_/);
  assert.equal((await stripe.events.list({ type: 'charge.updated' })).data.length, 1);
});

test('S10 the package retries with one key, as the answer says', async () => {
  await using site = await startStripe();
  const { connect, emulator } = site;
  const stripe = connect('sk_test_tollgate', { maxNetworkRetries: 1 });
  const cases: [name: string, values: Record<string, string>, requests: number][] = [
    ['500_before', {}, 2],
    ['429', {}, 1],
    ['429', { should_retry: 'true' }, 2],
    ['409_lock', {}, 2],
    ['409_lock', { should_retry: 'false' }, 1],
    ['cut_body', {}, 1],
  ];
  await Promise.all(
    cases.map(async ([name, values, count], at) => {
      const body = `case-${at}`;
      emulator.control.addFault({ name, values, times: 1, match: { body } });
      await stripe.customers.create({ description: body }, { idempotencyKey: body }).catch(() => {});
      const sent = emulator.control.requests().filter(({ idempotency_key }) => idempotency_key === body);
      assert.equal(sent.length, count, `${name} ${JSON.stringify(values)}`);
    }),
  );
});
