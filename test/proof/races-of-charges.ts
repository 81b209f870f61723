/**
 * Races: concurrent requests to two nodes with their own connections for one contended resource. Exactly one wins; the
 * others get the documented refusal. On a PGlite, one node takes all requests through one connection.
 *
 * README.md lists the contended resources, also those of other files.
 */
import assert from 'node:assert/strict';
import { sql } from 'kysely';
import { runJob } from '../support/run-job.ts';
import type { TestApp } from '../support/start-app.ts';
import { add } from './commands/buy.ts';
import {
  decideUnheard,
  endSlowRefund,
  reportCharge,
  reportRefund,
  rowsAt,
  sendFated,
  slowRefundToken,
} from './outside.ts';
import {
  buy,
  cardOf,
  cast,
  countCharges,
  countEvents,
  nodes,
  none,
  pay,
  type Race,
  race,
  requireWinners,
} from './race.ts';

/** Opens a dispute at the processor, and delivers the message about it to a node. */
async function openDispute(node: TestApp, key: string) {
  if (node.world) assert.equal((await node.world.decideCharge(key, 'disputed')).status, 200);
  return reportCharge(node, key, 'disputed');
}

async function findChargeAtProcessor(buyer: string): Promise<string> {
  const { rows } = await sql<{ key: string }>`select test.key from ${rowsAt(nodes[0]).charges} test
    join charge_attempts attempt on attempt.key = idempotency_key
    join profiles on profiles.id = attempt.profile_id where slug = ${buyer}`.execute(nodes[0].db);
  assert(rows[0]);
  return rows[0].key;
}

export const races_of_charges: readonly Race[] = [
  {
    name: 'six concurrent retries of one checkout with one key charge once, also after the response was lost',
    async run() {
      const scene = await cast();
      const [buyer] = scene.buyers;
      await add(buyer, scene.plan, 1, null).send(scene.site, none);
      const headers = { 'idempotency-key': `order-of-${buyer}` };
      const lost = cardOf('lost');
      const send = (node: TestApp) => pay(scene, buyer, lost, node, headers);
      const replies = await sendFated(nodes[0], 'lost', () => race(6, send));
      requireWinners(replies, {}, ['503 payment_unknown', '409 idempotency_key_in_flight', '409 checkout_in_flight']);
      assert.deepEqual(await countCharges(buyer), { processor: 1, site: 0 });
      // The jobs of both nodes, a webhook request and retries compete to settle it.
      for (const node of nodes)
        node.clock.set(new Date(nodes[0].clock.now().getTime() + (node === nodes[0] ? 300_000 : 0)));
      const key = await findChargeAtProcessor(buyer);
      const [, , ...later] = await Promise.all([
        runJob(nodes[0].tollgate, 'finish_orders'),
        runJob(nodes[1].tollgate, 'finish_orders'),
        send(nodes[0]),
        send(nodes[1]),
        reportCharge(nodes[1], key, 'done'),
      ]);
      requireWinners(later, {}, [
        '201',
        '200',
        '409 idempotency_key_in_flight',
        '409 checkout_in_flight',
        '503 payment_unknown',
      ]);
      assert.deepEqual(await countCharges(buyer), { processor: 1, site: 1 });
      const [charge] = await scene.site.findCharges([buyer]);
      assert(charge?.state === 'done');
      assert.deepEqual(await countEvents(charge.key), { charge: 1 });
    },
  },
  {
    name: 'of six concurrent refunds of a line one is made',
    async run() {
      const scene = await cast(2);
      const { site } = scene;
      const [buyer] = scene.buyers;
      const key = await buy(scene, buyer);
      const replies = await race(6, (node) =>
        site.call(
          site.managerOf('cowork'),
          'POST',
          `/api/billing/${buyer}/charges/${key}/refund`,
          { lines: [{ num: 0 }] },
          { node },
        ),
      );
      requireWinners(replies, { 201: 1 }, ['405 refund_in_flight', '405 refund_exceeds_line']);
      assert.deepEqual(await countEvents(key), { charge: 1, refund: 1 });
    },
  },
  {
    name: 'a refund and a dispute at the same time never pay the buyer more than the charge',
    async run() {
      const scene = await cast(2);
      const { site, plan } = scene;
      const [buyer] = scene.buyers;
      const key = await buy(scene, buyer);
      const dispute = (node: TestApp) => reportCharge(node, key, 'disputed');
      const url = `/api/billing/${buyer}/charges/${key}/refund`;
      const [disputed, refunded] = await Promise.all([
        openDispute(nodes[1], key),
        site.call(site.managerOf('cowork'), 'POST', url, { lines: [{ num: 0, refunded_amount: 1000 }] }),
      ]);
      requireWinners([disputed], {}, ['200', '405 refund_in_flight']);
      requireWinners([refunded], {}, ['201', '400 refund_refused', '405 charge_not_refundable']);
      // The processor repeats a message that was refused.
      assert.equal((await dispute(nodes[0])).status, 200);
      const { rows } = await sql<{ amount: string }>`select sum(orig_amount)::text as amount from ledger_entries
      join profiles on profiles.id = orig_profile_id where slug = ${buyer} and orig_account = 'Refunded'`.execute(
        site.app.db,
      );
      assert.equal(Number(rows[0]?.amount), plan.amount);
    },
  },
  {
    name: 'webhook requests, the jobs of two nodes and readers settle a payment once',
    async run() {
      for (const state of ['done', 'failed'] as const) {
        const scene = await cast(3);
        const { site } = scene;
        const [buyer] = scene.buyers;
        const key = await buy(scene, buyer, cardOf('pending'));
        await decideUnheard(site.app, key, state);
        const send = (node: TestApp) => reportCharge(node, key, state);
        const read = (node: TestApp) =>
          site.call(buyer, 'GET', `/api/billing/${buyer}/charges/${key}`, undefined, { node });
        const [, , ...replies] = await Promise.all([
          runJob(nodes[0].tollgate, 'settle_pending_charges'),
          runJob(nodes[1].tollgate, 'settle_pending_charges'),
          ...nodes.flatMap((node) => [send(node), read(node), send(node)]),
        ]);
        requireWinners(replies, {}, ['200']);
        assert.deepEqual(await countEvents(key), state === 'done' ? { charge: 1 } : {});
        const [charge] = await site.findCharges([buyer]);
        assert.equal(charge?.state, state);
      }
    },
  },
  {
    name: 'webhook requests and the jobs of two nodes settle a pending refund once',
    async run() {
      const scene = await cast(2);
      const { site } = scene;
      const [buyer] = scene.buyers;
      const key = await buy(scene, buyer, slowRefundToken(scene.site.app));
      const url = `/api/billing/${buyer}/charges/${key}/refund`;
      const asked = await site.call(site.managerOf('cowork'), 'POST', url, { lines: [{ num: 0 }] });
      assert.equal(asked.status, 201, asked.text);
      for (const node of nodes)
        node.clock.set(new Date(nodes[0].clock.now().getTime() + (node === nodes[0] ? 600_000 : 0)));
      await endSlowRefund(site.app, key);
      const send = (node: TestApp) => reportCharge(node, key, 'done');
      await Promise.all([
        ...nodes.map((node) => runJob(node.tollgate, 'finish_pending_refunds')),
        ...nodes.map((node) => reportRefund(node, key)),
        ...nodes.map(send),
      ]);
      assert.deepEqual(await countEvents(key), { charge: 1, refund: 1 });
    },
  },
];
