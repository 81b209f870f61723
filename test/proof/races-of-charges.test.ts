/**
 * Races: concurrent requests to two nodes with their own connections for one contended resource. Exactly one wins; the
 * others get the documented refusal. On a PGlite, one node takes all requests through one connection.
 *
 * README.md lists the contended resources, also those of other files.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { apiClient } from '../support/client.ts';
import { runJob } from '../support/run-job.ts';
import type { TestApp } from '../support/start-app.ts';
import { add } from './commands/buy.ts';
import {
  buy,
  cast,
  countCharges,
  countEvents,
  nodes,
  none,
  pay,
  race,
  requireWinners,
  rounds,
  useNodes,
} from './race.ts';

useNodes();

test('six concurrent retries of one checkout with one key charge once, also after the response was lost', () =>
  rounds(async () => {
    const scene = await cast();
    const [buyer] = scene.buyers;
    await add(buyer, scene.plan, 1, null).send(scene.site, none);
    const headers = { 'idempotency-key': `order-of-${buyer}` };
    const replies = await race(6, (node) => pay(scene, buyer, 'tok_timeout', node, headers));
    requireWinners(replies, {}, ['503 payment_unknown', '409 idempotency_key_in_flight', '409 checkout_in_flight']);
    assert.deepEqual(await countCharges(buyer), { processor: 1, site: 0 });
    // The jobs of both nodes, a webhook request and retries compete to settle it.
    for (const node of nodes)
      node.clock.set(new Date(nodes[0].clock.now().getTime() + (node === nodes[0] ? 300_000 : 0)));
    const { key } = await nodes[0].db
      .selectFrom('test_processor_charges')
      .innerJoin('charge_attempts', 'charge_attempts.key', 'idempotency_key')
      .innerJoin('profiles', 'profiles.id', 'charge_attempts.profile_id')
      .select('test_processor_charges.key')
      .where('slug', '=', buyer)
      .executeTakeFirstOrThrow();
    const [, , ...later] = await Promise.all([
      runJob(nodes[0].tollgate, 'finish_orders'),
      runJob(nodes[1].tollgate, 'finish_orders'),
      pay(scene, buyer, 'tok_timeout', nodes[0], headers),
      pay(scene, buyer, 'tok_timeout', nodes[1], headers),
      apiClient(nodes[1])('POST', `/_dev/processor/charges/${key}`, { state: 'done' }),
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
  }));

test('of six concurrent refunds of a line one is made', () =>
  rounds(async () => {
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
  }));

test('a refund and a dispute at the same time never pay the buyer more than the charge', () =>
  rounds(async () => {
    const scene = await cast(2);
    const { site, plan } = scene;
    const [buyer] = scene.buyers;
    const key = await buy(scene, buyer);
    const dispute = (node: TestApp) => apiClient(node)('POST', `/_dev/processor/charges/${key}`, { state: 'disputed' });
    const url = `/api/billing/${buyer}/charges/${key}/refund`;
    const [disputed, refunded] = await Promise.all([
      dispute(nodes[1]),
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
  }));

test('webhook requests, the jobs of two nodes and readers settle a payment once', () =>
  rounds(async () => {
    for (const state of ['done', 'failed'] as const) {
      const scene = await cast(3);
      const { site } = scene;
      const [buyer] = scene.buyers;
      const key = await buy(scene, buyer, 'tok_chargeAsyncFail');
      await site.app.db.updateTable('test_processor_charges').set({ state }).where('key', '=', key).execute();
      const send = (node: TestApp) => apiClient(node)('POST', `/_dev/processor/charges/${key}`, { state });
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
  }));

test('webhook requests and the jobs of two nodes settle a pending refund once', () =>
  rounds(async () => {
    const scene = await cast(2);
    const { site } = scene;
    const [buyer] = scene.buyers;
    const key = await buy(scene, buyer, 'tok_refund_pending');
    const url = `/api/billing/${buyer}/charges/${key}/refund`;
    const asked = await site.call(site.managerOf('cowork'), 'POST', url, { lines: [{ num: 0 }] });
    assert.equal(asked.status, 201, asked.text);
    for (const node of nodes)
      node.clock.set(new Date(nodes[0].clock.now().getTime() + (node === nodes[0] ? 600_000 : 0)));
    await site.app.db
      .updateTable('test_processor_refunds')
      .set({ state: 'succeeded' })
      .where('charge_key', '=', key)
      .execute();
    const send = (node: TestApp) => apiClient(node)('POST', `/_dev/processor/charges/${key}`, { state: 'done' });
    await Promise.all([
      ...nodes.map((node) => runJob(node.tollgate, 'finish_pending_refunds')),
      ...nodes.map((node) => apiClient(node)('POST', `/_dev/processor/charges/${key}/refund`, { state: 'succeeded' })),
      ...nodes.map(send),
    ]);
    assert.deepEqual(await countEvents(key), { charge: 1, refund: 1 });
  }));
