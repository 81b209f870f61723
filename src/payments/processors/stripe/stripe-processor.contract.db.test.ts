import assert from 'node:assert/strict';
import { pino } from 'pino';
import { Stripe } from 'stripe';
import { movableClock } from '#platform/clock';
import { openTestDatabase } from '../../../../test/support/database.ts';
import { makeParty } from '../../../../test/support/factories/ledger.ts';
import { seedSite } from '../../../../test/support/seed.ts';
import { default_keys, startEmulator } from '../../../stripe-emulator/index.ts';
import { testProcessorContract } from '../contract.ts';
import type { ContractSubject } from '../contract-harness.ts';
import { isAccepted } from '../processor.ts';
import { makeStripeProcessor } from './stripe-processor.ts';

const [secret_key, publishable_key] = default_keys;

testProcessorContract('Stripe', async (): Promise<ContractSubject> => {
  const database = await openTestDatabase();
  const clock = movableClock(new Date('2026-03-10T15:00:00Z'));
  await seedSite(database.db, clock.now());
  const emulator = await startEmulator({ clock });
  const { control, url: api_url } = emulator;
  const processor = makeStripeProcessor({
    db: database.db,
    clock,
    log: pino({ level: 'silent' }),
    settings: { secret_key, publishable_key, api_url, js_url: null },
    app_version: '1.0.0',
  });
  const { hostname: host, port } = new URL(api_url);
  const client = new Stripe(secret_key, { host, port, protocol: 'http', telemetry: false });
  /** Acts as the payer, the bank or the provider would. */
  const act = async (path: string, body: object) => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${api_url}/_emulator/${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    assert(response.ok, `${path}: ${response.status}`);
  };
  const payer = {
    profile_id: await makeParty(database.db),
    browser: { ip: '192.0.2.1', user_agent: 'test' },
    return_url: 'http://cowork.test/app/',
  };

  return {
    processor,
    account: '',
    payer,
    tokens: {
      accepted: 'pm_card_visa',
      pending: 'pm_usBankAccount_success',
      action_required: 'pm_card_threeDSecure2Required',
      refund_pending: 'pm_card_pendingRefund',
      declined: {
        retry: 'pm_card_visa_chargeDeclinedInsufficientFunds',
        new_card: 'pm_card_chargeDeclinedExpiredCard',
        stop: 'pm_card_visa_chargeDeclinedLostCard',
      },
    },
    setFault(fault) {
      control.clearFaults();
      if (fault === 'unreachable') control.addFault({ name: 'cut_before' });
      if (fault === 'lost_response') control.addFault({ name: 'cut_after', match: { method: 'POST' } });
    },
    async decide(attempt, decision) {
      const found = await processor.findByKey(attempt);
      if (found?.outcome === 'action_required') {
        return act(`payment_intents/${found.intent_key}`, { to: decision === 'paid' ? 'approve' : 'fail' });
      }
      assert(isAccepted(found));
      const charge = await client.charges.retrieve(found.processor_key);
      if (decision === 'paid' || decision === 'failed') {
        const key = typeof charge.payment_intent === 'string' ? charge.payment_intent : '';
        return act(`payment_intents/${key}`, { to: decision === 'paid' ? 'finish' : 'fail_later' });
      }
      if (decision === 'disputed') return act(`charges/${charge.id}/dispute`, {});
      const [dispute] = (await client.disputes.list({ charge: charge.id })).data;
      assert(dispute);
      return act(`disputes/${dispute.id}`, { to: decision });
    },
    async decideRefund(charge, decision) {
      const [refund] = (await client.refunds.list({ charge })).data;
      assert(refund);
      await act(`refunds/${refund.id}`, { to: decision });
    },
    signEvent({ id, type, object }, secret, at) {
      const payload = JSON.stringify({
        id,
        object: 'event',
        type: type === 'charge' ? 'charge.updated' : 'balance.available',
        livemode: false,
        data: { object: { id: object, object: 'charge' } },
      });
      const timestamp = Math.floor(at.getTime() / 1000);
      const header = client.webhooks.generateTestHeaderString({ payload, secret, timestamp });
      return { raw: Buffer.from(payload), headers: { 'stripe-signature': header } };
    },
    async prepareAccount(account) {
      await act(`accounts/${account}`, { to: 'ready' });
      const payment = {
        amount: 100_000,
        currency: 'usd',
        payment_method: 'pm_card_bypassPending',
        confirm: true,
        // The balance has the money at once.
        capture_method: 'automatic',
        automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
      } as const;
      await client.paymentIntents.create(payment, { stripeAccount: account });
    },
    now: () => clock.now(),
    async close() {
      await emulator.stop();
      await database.close();
    },
  };
});
