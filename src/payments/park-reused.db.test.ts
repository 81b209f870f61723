import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { inTransaction } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import { makeParty } from '../../test/support/factories/ledger.ts';
import { linesOf, makeAttempt, makeCharge } from '../../test/support/factories/payments.ts';
import { runJob } from '../../test/support/run-job.ts';
import { startStripeSite, type StripeSite } from '../../test/support/stripe-site.ts';
import { callProcessor } from './charges/call-processor.ts';
import { recordCharge } from './charges/record-charge.ts';
import { retryMessage } from './intake/decide-message.ts';
import { withdrawFunds } from './payouts/withdraw-funds.ts';
import { payerOf } from './payer-of.ts';
import { isAccepted } from './processors/index.ts';
import type { Attempt } from './records/index.ts';

let site: StripeSite;
before(async () => {
  site = await startStripeSite();
});
after(() => site.close());

async function reserve() {
  const [payer, provider] = [await makeParty(site.app.db), await makeParty(site.app.db)];
  return makeAttempt(site.ctx, { payer, provider, token: 'pm_card_visa' });
}
/** Makes the first request of a key, with other facts than the attempt has. */
async function useKey({ key, profile_id }: Attempt, facts: { amount?: number; token?: string } = {}) {
  const { amount = 2000, token = 'pm_card_visa' } = facts;
  return site.ctx.processors.chosen.charge({
    key,
    account: '',
    broker_fee_amount: 0,
    amount,
    unit: 'usd',
    description: 'Another description',
    order_id: null,
    provider_id: null,
    source: { token, remember: false },
    payer: payerOf(site.ctx, profile_id),
    off_session: false,
  });
}
async function parked(key: string) {
  const rows = await site.app.db
    .selectFrom('processor_events')
    .select(['kind', 'state', 'reason', 'event_key'])
    .where('object_key', '=', key)
    .execute();
  return rows.map(({ reason, ...row }) => ({ ...row, reason: reason?.slice(0, 10) }));
}
const listed = (key: string) => [
  { kind: 'call', state: 'parked', event_key: `key_reused:${key}`, reason: 'key_reused' },
];
const paidBy = async (profile_id: ProfileId) => {
  const { data } = await site.client.paymentIntents.list({ limit: 100 });
  return data.filter((each) => each.metadata['tollgate_profile'] === String(profile_id) && each.status === 'succeeded');
};

test('a key that Stripe knows with another request has the outcome of that request, and the call is listed once', async () => {
  const { attempt, orders } = await reserve();
  const first = await useKey(attempt);
  assert(isAccepted(first));
  const [outcome, again] = await Promise.all([callProcessor(site.ctx, attempt), callProcessor(site.ctx, attempt)]);
  assert(isAccepted(outcome) && isAccepted(again));
  assert.deepEqual([outcome.processor_key, again.processor_key], [first.processor_key, first.processor_key]);
  assert.equal((await paidBy(attempt.profile_id)).length, 1);
  assert.deepEqual(await parked(attempt.key), listed(attempt.key));

  // A retry is not done before the payment is: its job looks it up.
  const event_key = `key_reused:${attempt.key}`;
  await retryMessage(site.ctx, event_key);
  await runJob(site.app.tollgate, 'handle_processor_events');
  assert.deepEqual(
    (await parked(attempt.key)).map(({ state }) => state),
    ['new'],
  );
  await inTransaction(site.ctx.db, (tx) => recordCharge(tx, attempt, outcome, linesOf(orders), site.ctx.clock.now()));
  site.advance(60_000);
  await runJob(site.app.tollgate, 'handle_processor_events');
  assert.deepEqual(
    (await parked(attempt.key)).map(({ state }) => state),
    ['done'],
  );
  await site.assertSound();
});

test('the first request of a key decides: declined, or of another amount, which goes back', async () => {
  const declined = await reserve();
  assert.equal((await useKey(declined.attempt, { token: 'pm_card_chargeDeclined' })).outcome, 'declined');
  assert.equal((await callProcessor(site.ctx, declined.attempt)).outcome, 'declined');
  const other = await reserve();
  assert(isAccepted(await useKey(other.attempt, { amount: 500 })));
  const outcome = await callProcessor(site.ctx, other.attempt);
  assert(outcome.outcome === 'declined');
  assert.deepEqual([outcome.code, outcome.taken?.amount], ['intent_differs', 500]);
  assert.deepEqual(await parked(other.attempt.key), listed(other.attempt.key));
});

test('any other failure of a call is not listed', async () => {
  const { attempt } = await reserve();
  site.emulator.control.addFault({ name: '500_before', match: { path: '/v1/payment_intents' } });
  await assert.rejects(callProcessor(site.ctx, attempt), { code: 'processor_unreachable' });
  site.emulator.control.clearFaults();
  assert.deepEqual(await parked(attempt.key), []);
});

test('a payout whose key was used for another amount is not sent again, and is listed', async () => {
  const { provider, account } = await site.makeProvider();
  const payer = await makeParty(site.app.db);
  await makeCharge(site.ctx, { payer, provider, amounts: [17_999], token: 'pm_card_visa' });
  site.advance(3 * 86_400_000);
  await site.learn();
  const key = 'a'.repeat(40);
  const first = await site.ctx.processors.chosen.payout({ account, key, amount: 500, unit: 'usd' });
  assert.equal(first.outcome, 'accepted');
  const withdraw = withdrawFunds(site.ctx, provider, { amount: 1000, unit: 'usd', key });
  await assert.rejects(withdraw, { code: 'processor_unreachable' });
  assert.equal((await site.client.payouts.list({}, { stripeAccount: account })).data.length, 1);
  assert.deepEqual(await parked(key), listed(key));
});
