import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Stripe } from 'stripe';
import { ledgerChecks } from '../../src/ledger-checks.ts';
import { verifyLedger } from '#ledger';
import { default_keys } from '#stripe-emulator';
import { expectStatus } from '../support/changes.ts';
import { interruptAt } from '../support/interrupt.ts';
import { newLife, runUntilKilled } from './kill-points.ts';
import { type RenewalScene, run, startScene } from './renewals-at-stripe.ts';

let scene: RenewalScene;
let client: Stripe;
before(async () => {
  scene = await startScene();
  const { hostname: host, port } = new URL(scene.emulator.url);
  client = new Stripe(default_keys[0], { host, port, protocol: 'http', telemetry: false, maxNetworkRetries: 0 });
});
after(() => scene.close());

interface OpenPayment {
  charge_attempt_id: number;
  intent_key: string;
}

/** Tries a checkout with a card that is declined; returns the payload of the job that cancels its payment. */
async function decline(): Promise<OpenPayment> {
  const { xia, site } = scene;
  await xia('POST', '/api/cart', { plan: 'basic' });
  await expectStatus(xia('GET', '/api/billing/xia/checkout'), 200);
  const body = { processor_token: 'pm_card_chargeDeclined' };
  const declined = await xia('POST', '/api/billing/xia/checkout', body);
  assert.equal(declined.json<{ code: string }>().code, 'card_declined');
  const { id } = await site.app.db
    .selectFrom('charge_attempts')
    .select('id')
    .where('state', '=', 'declined')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirstOrThrow();
  const { payload } = await site.app.db
    .selectFrom('outbox_events')
    .select('payload')
    .where('name', '=', 'job:cancel_payment')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirstOrThrow();
  const open = payload as unknown as OpenPayment; // as the job was enqueued
  assert.equal(open.charge_attempt_id, id);
  return open;
}

async function cancel(payload: OpenPayment): Promise<void> {
  const { tollgate } = scene.site.app;
  const job = tollgate.worker.jobs.find(({ name }) => name === 'cancel_payment') ?? assert.fail();
  const ctx = await tollgate.makeContext('cancel_payment');
  await job.run(ctx, payload as never, ctx.clock.now()); // the payload of this job
}

/** The payer pays in the browser after all; refused by Stripe if the payment is canceled. */
const confirm = ({ intent_key }: OpenPayment) =>
  client.paymentIntents.confirm(intent_key, { payment_method: 'pm_card_visa' }).catch(() => {});

/** Requires that the payment is over, and that what it took went back once. */
async function check({ intent_key }: OpenPayment, where: string): Promise<void> {
  const { site, emulator } = scene;
  // The jobs that return a payment, twice: each message can come again.
  for (let round = 0; round < 3; round += 1) {
    site.moveTo(new Date(site.app.clock.now().getTime() + 600_000).toISOString());
    await run(scene, 'sweep_processor_events', 'handle_processor_events', 'refund_orphans', 'finish_orders');
    await site.app.tollgate.worker.drain();
  }
  const { status } = await client.paymentIntents.retrieve(intent_key);
  const { data } = await client.charges.list({ payment_intent: intent_key });
  const paid = data.filter((charge) => charge.status === 'succeeded');
  const { data: refunds } = await client.refunds.list({ payment_intent: intent_key });
  assert.equal(status, paid.length === 1 ? 'succeeded' : 'canceled', where);
  assert.deepEqual(
    [paid.map(({ amount_refunded }) => amount_refunded), refunds.map(({ amount }) => amount)],
    [paid.map(({ amount }) => amount), paid.map(({ amount }) => amount)],
    where,
  );
  const orders = await site.app.db.selectFrom('orders').select('id').where('state', '=', 'settled').execute();
  assert.equal(orders.length, 1, `${where}: only the first order is paid`);
  assert.deepEqual((await verifyLedger(site.app.db, { checks: ledgerChecks })).violations, [], where);
  assert.deepEqual(emulator.control.invariants(), [], where);
}

describe('a declined payment takes no money, or gives it back once', () => {
  for (const [title, before_kill] of [
    ['', async () => {}],
    [', after its payer has confirmed the payment', confirm],
  ] as const)
    test(`cancel_payment is killed at an await${title}`, async () => {
      let point = 0;
      for (let is_killed = true; is_killed; point += 1) {
        const open = await decline();
        await before_kill(open);
        const life = newLife(point);
        await runUntilKilled(life, () => cancel(open));
        ({ is_killed } = life);
        await cancel(open);
        await check(open, `killed at ${point}, after ${life.points.at(-1) ?? 'nothing'}`);
      }
      assert.ok(point > 2, `${point} points`);
    });

  for (const [title, act] of [
    ['the payer', confirm],
    ['another node', cancel],
    [
      'the payer, then another node',
      async (open: OpenPayment) => {
        await confirm(open);
        await cancel(open);
      },
    ],
  ] as const)
    test(`cancel_payment is overtaken by ${title}`, async () => {
      let point = 0;
      for (let is_overtaken = true; is_overtaken; point += 1) {
        const open = await decline();
        is_overtaken = await interruptAt(
          point,
          () => cancel(open),
          () => act(open),
        );
        await check(open, `overtaken at ${point}`);
      }
      assert.ok(point > 4, `${point} points`);
    });
});
