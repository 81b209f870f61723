/**
 * Races: concurrent requests to two nodes with their own connections for one contended resource. Exactly one wins; the
 * others get the documented refusal. On a PGlite, one node takes all requests through one connection.
 *
 * README.md lists the contended resources, also those of other files.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { apiClient, type TestResponse } from '../support/client.ts';
import { runJob } from '../support/run-job.ts';
import { startApp, type TestApp } from '../support/start-app.ts';
import { skipWithoutServer, startTwoNodes } from '../support/two-nodes.ts';
import { checkInvariants } from './checks.ts';
import { add, redeem } from './commands/buy.ts';
import type { Model, Plan } from './model/model.ts';
import { makeSite, type Site } from './site.ts';

const ROUNDS = 2;
const none = { charges: [] };

let nodes: readonly [TestApp, TestApp];
let close: () => Promise<void>;
before(async () => {
  if (skipWithoutServer === false) ({ nodes, close } = await startTwoNodes({}));
  else {
    const app = await startApp();
    nodes = [app, app];
    close = () => app.close();
  }
});
after(() => close());

const nodeOf = (index: number) => nodes[index % 2] ?? nodes[0];

/** Sends the same kind of request `count` times concurrently, to the nodes in turn. */
const race = (count: number, send: (node: TestApp, index: number) => Promise<TestResponse>) =>
  Promise.all(Array.from({ length: count }, (_, index) => send(nodeOf(index), index)));

/** Counts responses by status and code. */
function tally(replies: readonly TestResponse[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, text } of replies) {
    const code = text.startsWith('{') ? (JSON.parse(text) as { code?: string }).code : undefined;
    const key = code === undefined ? `${status}` : `${status} ${code}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

/** Fails unless `won` responses have the status, and every other is one of the refusals. */
function requireWinners(
  replies: readonly TestResponse[],
  won: Record<string, number>,
  refusals: readonly string[],
): void {
  for (const [key, count] of Object.entries(tally(replies))) {
    if (key in won) assert.equal(count, won[key], `${key}: ${JSON.stringify(tally(replies))}`);
    else assert.ok(refusals.includes(key), `${key} is no documented outcome: ${JSON.stringify(tally(replies))}`);
  }
  for (const key of Object.keys(won)) assert.ok(key in tally(replies), `no ${key}: ${JSON.stringify(tally(replies))}`);
}

interface Cast {
  site: Site;
  model: Model;
  plan: Plan;
  buyers: [string, string, string];
}

async function cast(place = 0): Promise<Cast> {
  const { site, model } = await makeSite(nodes[0]);
  const [xia, yan, zoe] = model.buyers;
  const plan = model.plans[place];
  assert(plan && xia && yan && zoe);
  return { site, model, plan, buyers: [xia, yan, zoe] };
}

const checkout = (buyer: string) => `/api/billing/${buyer}/checkout`;
const pay = ({ site }: Cast, buyer: string, token = 'tok_visa', node = nodes[0], headers = {}) =>
  site.call(buyer, 'POST', checkout(buyer), { processor_token: token }, { node, headers });

/** Buys the plan of the cast; returns the key of the charge. */
async function buy(scene: Cast, buyer: string, token = 'tok_visa', sync_on: string | null = null): Promise<string> {
  await add(buyer, scene.plan, 1, sync_on).send(scene.site, none);
  const paid = await pay(scene, buyer, token);
  assert.equal(paid.status, 201, paid.text);
  return paid.json<{ processor_key: string }>().processor_key;
}

/** Events of one kind about a charge, and charges of a profile at the processor and at the site. */
async function countEvents(key: string): Promise<Record<string, number>> {
  const { rows } = await sql<{ kind: string; count: number }>`
    select kind, count(*)::int as count from ledger_events where key like ${`%${key}%`} group by kind`.execute(
    nodes[0].db,
  );
  return Object.fromEntries(rows.map(({ kind, count }) => [kind, count]));
}

async function countCharges(buyer: string): Promise<{ processor: number; site: number }> {
  const { rows } = await sql<{ processor: number; site: number }>`
    select (select count(*)::int from test_processor_charges test join charge_attempts attempt on attempt.key = idempotency_key
        join profiles on profiles.id = attempt.profile_id where slug = ${buyer} and outcome = 'accepted') as processor,
      (select count(*)::int from charges join profiles on profiles.id = profile_id where slug = ${buyer}) as site`.execute(
    nodes[0].db,
  );
  assert(rows[0]);
  return rows[0];
}

async function rounds(work: () => Promise<void>): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) await work();
  await checkInvariants(nodes[0].db);
}

test('the last redemption of a coupon goes to one of three buyers; the others are shown the price without it', () =>
  rounds(async () => {
    const scene = await cast();
    const { site, model, plan, buyers } = scene;
    const [coupon] = model.coupons;
    assert(coupon);
    await site.app.db.updateTable('coupons').set({ nb_attempts: 1 }).where('code', '=', coupon.code).execute();
    for (const buyer of buyers) {
      await add(buyer, plan, 1, null).send(site, none);
      await redeem(buyer, coupon).send(site, none);
    }
    const replies = await race(3, (node, index) => pay(scene, buyers[index] ?? buyers[0], 'tok_visa', node));
    requireWinners(replies, { 201: 1 }, ['409 cart_changed']);
    const [left] = await site.app.db
      .selectFrom('coupons')
      .select('nb_attempts')
      .where('code', '=', coupon.code)
      .execute();
    assert.equal(left?.nb_attempts, 0);
    assert.deepEqual(
      replies.filter(({ status }) => status === 201).map((reply) => reply.json<{ amount: number }>().amount),
      [plan.amount / 2],
    );
  }));

test('six concurrent checkouts of one cart charge once', () =>
  rounds(async () => {
    const scene = await cast();
    const [buyer] = scene.buyers;
    await add(buyer, scene.plan, 1, null).send(scene.site, none);
    // 200 without a charge: the winner had emptied the cart.
    requireWinners(await race(6, (node) => pay(scene, buyer, 'tok_visa', node)), { 201: 1 }, [
      '409 checkout_in_flight',
      '200',
    ]);
    assert.deepEqual(await countCharges(buyer), { processor: 1, site: 1 });
  }));

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

test('a code that is redeemed six times concurrently by two users is claimed by one of them', () =>
  rounds(async () => {
    const scene = await cast();
    const { site, model } = scene;
    const [xia, yan, zoe] = scene.buyers;
    const [email] = [...model.people.keys()];
    assert(email);
    await buy(scene, zoe, 'tok_visa', email);
    const [code] = await site.codesFor(email);
    const users = [xia, yan];
    const replies = await race(6, (node, index) =>
      site.call(users[index % 2] ?? xia, 'POST', '/api/cart/redeem', { code }, { node }),
    );
    // The winner gets the same response to each of its three requests.
    requireWinners(replies, { 200: 3 }, ['409 claim_used']);
    const [items] = await sql<{
      count: number;
    }>`select count(*)::int as count from cart_items where claim_id is not null and recorded_at is null
      and user_id in (select id from users where username in (${xia}, ${yan}))`
      .execute(site.app.db)
      .then(({ rows }) => rows);
    assert.equal(items?.count, 1);
  }));

test('a claimed seat is either used or refunded in full, never both', () =>
  rounds(async () => {
    const scene = await cast();
    const { site, model } = scene;
    const [xia, , zoe] = scene.buyers;
    const [email] = [...model.people.keys()];
    assert(email);
    const key = await buy(scene, zoe, 'tok_visa', email);
    const [code] = await site.codesFor(email);
    assert.equal((await site.call(xia, 'POST', '/api/cart/redeem', { code })).status, 200);
    assert.equal((await site.call(xia, 'GET', checkout(xia))).status, 200);
    const [used, refunded] = await Promise.all([
      pay(scene, xia, 'tok_visa', nodes[1]),
      site.call(site.managerOf('cowork'), 'POST', `/api/billing/${zoe}/charges/${key}/refund`, { lines: [{ num: 0 }] }),
    ]);
    assert.equal(refunded.status, 201, refunded.text);
    assert.ok([200, 409].includes(used.status), used.text);
    const opened = await site.app.db
      .selectFrom('subscriptions')
      .innerJoin('profiles', 'profiles.id', 'subscriptions.profile_id')
      .select('subscriptions.id')
      .where('profiles.slug', '=', xia)
      .execute();
    assert.ok(opened.length <= 1);
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

test('orders of the holder and of two givers extend one subscription by three periods', () =>
  rounds(async () => {
    const scene = await cast();
    const { site, plan, buyers } = scene;
    const [holder] = buyers;
    await buy(scene, holder);
    for (const buyer of buyers) {
      await add(buyer, plan, 1, holder).send(site, none);
      assert.equal((await site.call(buyer, 'GET', checkout(buyer))).status, 200);
    }
    const replies = await race(3, (node, index) => pay(scene, buyers[index] ?? holder, 'tok_visa', node));
    requireWinners(replies, { 201: 3 }, []);
    const list = await site.call(holder, 'GET', `/api/profile/${holder}/subscriptions`);
    const { results } = list.json<{ results: { created_at: string; ends_at: string }[] }>();
    const [only] = results;
    assert(only && results.length === 1);
    const began = new Date(only.created_at);
    began.setUTCMonth(began.getUTCMonth() + 4);
    assert.equal(only.ends_at, began.toISOString());
  }));
