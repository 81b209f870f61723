import { creditReturn } from '#billing';
import assert from 'node:assert/strict';
import { sql } from 'kysely';
import { Problem } from '#kernel/problem';
import { sha256Hex } from '#platform/security/crypto';
import { DEFAULT_PROCESSOR, findPayoutByKey, makeProcessors, withdrawFunds } from '#payments';
import { openDatabase } from '../../src/platform/db/database.ts';
import { apiClient } from '../support/client.ts';
import { runJob } from '../support/run-job.ts';
import { startApp, type TestApp } from '../support/start-app.ts';
import { checkInvariants } from './checks.ts';
import { add, redeem } from './commands/buy.ts';
import { verbsOfBalances } from './crash-of-balances.ts';
import { verbsOfChanges } from './crash-of-changes.ts';
import { startCuttingProxy } from './cutting-proxy.ts';
import type { Model } from './model/model.ts';
import { makeSite, type Site } from './site.ts';

/** A purchase during which the process is killed. */
export interface Scene {
  site: Site;
  model: Model;
  buyer: string;
  /** Values that `prepare` passes to `act`. */
  notes: Map<string, string>;
}

/** A verb that is killed at each of its requests to the database, and what must be true after the restart. */
export interface Verb {
  name: string;
  prepare(scene: Scene): Promise<void>;
  /** Runs on the node that is killed, and again on the restarted one. */
  act(scene: Scene, node: TestApp): Promise<unknown>;
  check(scene: Scene): Promise<void>;
}

const none = { charges: [], adjustments: [], links: [] };

async function fill({ site, model, buyer }: Scene): Promise<void> {
  const [plan] = model.plans;
  const [coupon] = model.coupons;
  assert(plan && coupon);
  await add(buyer, plan, 1, null).send(site, none);
  await redeem(buyer, coupon).send(site, none);
}

const pay = ({ site, buyer }: Scene, node: TestApp, token = 'tok_visa') =>
  site.call(
    buyer,
    'POST',
    `/api/billing/${buyer}/checkout`,
    { processor_token: token },
    { node, headers: { 'idempotency-key': `order-of-${buyer}` } },
  );

/** Longer than the job `finish_orders` looks up the payment of an order that was given up. */
const HOLD_MS = 75 * 60_000;

async function checkOnePurchase({ site, buyer, model }: Scene): Promise<void> {
  const { rows } = await sql<Record<string, number>>`
    with payer as (select id from profiles where slug = ${buyer})
    select
      (select count(*)::int from test_processor_charges test join charge_attempts attempt on attempt.key = idempotency_key
        where attempt.profile_id in (table payer) and test.outcome = 'accepted') as charges_at_processor,
      (select count(*)::int from charges where profile_id in (table payer) and state = 'done') as charges,
      (select count(*)::int from orders where profile_id in (table payer) and state = 'settled') as orders,
      (select count(*)::int from orders where profile_id in (table payer) and state = 'reserved') as open_orders,
      (select count(*)::int from subscriptions where profile_id in (table payer)) as subscriptions,
      (select count(distinct ledger_event_id)::int from ledger_entries where dest_profile_id in (table payer) and dest_account = 'Payable') as order_events,
      (select count(distinct ledger_event_id)::int from ledger_entries where orig_profile_id in (table payer) and orig_account = 'Liability') as payment_events`.execute(
    site.app.db,
  );
  assert.deepEqual(rows[0], {
    charges_at_processor: 1,
    charges: 1,
    orders: 1,
    open_orders: 0,
    subscriptions: 1,
    order_events: 1,
    payment_events: 1,
  });
  // An order that was given up keeps its redemption while its payment can still appear (decision 0073).
  await site.moveClock(HOLD_MS);
  const [coupon] = model.coupons;
  const left = await site.app.db
    .selectFrom('coupons')
    .select('nb_attempts')
    .where('code', '=', coupon?.code ?? '')
    .executeTakeFirst();
  assert.equal(left?.nb_attempts, (coupon?.left ?? 0) - 1, 'the coupon was used once');
}

async function buy(scene: Scene, token = 'tok_visa'): Promise<void> {
  await fill(scene);
  const paid = await pay(scene, scene.site.app, token);
  assert.equal(paid.status, 201, paid.text);
  scene.notes.set('at', scene.site.app.clock.now().toISOString());
  scene.notes.set('charge', paid.json<{ processor_key: string }>().processor_key);
}

const decide = (scene: Scene, node: TestApp) =>
  apiClient(node)('POST', `/_dev/processor/charges/${scene.notes.get('charge')}`, { state: 'done' });

async function checkOneRefund(scene: Scene): Promise<void> {
  const { rows } = await sql<Record<string, number>>`
    select (select count(*)::int from test_processor_refunds where charge_key = processor_key) as refunds_at_processor,
      (select count(*)::int from refunds where charge_id = charges.id and state = 'settled') as refunds,
      (select count(*)::int from refunds where charge_id = charges.id and state = 'reserved') as open_refunds,
      (select count(*)::int from ledger_events where key like 'refund:' || processor_key || ':%') as events
    from charges where processor_key = ${scene.notes.get('charge') ?? ''}`.execute(scene.site.app.db);
  assert.deepEqual(rows[0], { refunds_at_processor: 1, refunds: 1, open_refunds: 0, events: 1 });
}

/** Withdraws funds of the broker, whose account needs no connection, under the key of the scene. */
async function withdraw({ buyer }: Scene, node: TestApp): Promise<string> {
  const ctx = await node.tollgate.makeContext('test');
  const processors = makeProcessors(DEFAULT_PROCESSOR, { db: node.db, clock: node.clock, credit: creditReturn });
  const send = (key: string) =>
    withdrawFunds({ ...ctx, processors }, ctx.site.broker_id, { amount: 700, unit: 'usd', key: sha256Hex(key) });
  try {
    return await send(buyer);
  } catch (error) {
    // The request never arrived, and the job has closed it: its key is used up, and the caller asks anew.
    if (error instanceof Problem && error.code === 'payout_refused') return send(`${buyer} again`);
    throw error;
  }
}

async function checkOnePayout({ site, buyer }: Scene, is_returned: boolean): Promise<void> {
  const { rows } = await sql<Record<string, unknown>>`
    select state,
      (select count(*)::int from test_processor_payouts test where test.idempotency_key = payouts.key) as payouts_at_processor,
      (select count(*)::int from ledger_events where key = 'payout:' || processor_key) as sent,
      (select count(*)::int from ledger_events where key = 'payout:' || processor_key || ':failed') as returned
    from payouts where key in (${sha256Hex(buyer)}, ${sha256Hex(`${buyer} again`)}) and processor_key is not null`.execute(
    site.app.db,
  );
  const state = is_returned ? 'failed' : 'pending';
  assert.deepEqual(rows, [{ state, payouts_at_processor: 1, sent: 1, returned: is_returned ? 1 : 0 }]);
}

const importTen = ({ site, model, buyer, notes }: Scene, node: TestApp) => {
  const [plan] = model.plans;
  return site.call(
    site.managerOf('cowork'),
    'POST',
    '/api/billing/cowork/transfers/import',
    { subscription: `${buyer}:${plan?.slug}`, created_at: notes.get('at'), amount: '10.00' },
    { node, headers: { 'idempotency-key': `import-of-${buyer}` } },
  );
};

async function checkOneImport({ site, buyer }: Scene): Promise<void> {
  const { rows } = await sql<Record<string, number>>`
    select (select count(*)::int from adjustments where profile_id = profiles.id) as adjustments,
      (select count(distinct event.id)::int from ledger_events event join ledger_entries entry on ledger_event_id = event.id
        where event.kind = 'import' and dest_profile_id = profiles.id and dest_account = 'Payable') as events
    from profiles where slug = ${buyer}`.execute(site.app.db);
  assert.deepEqual(rows[0], { adjustments: 1, events: 1 });
}

/** Requires that the month which the buyer bought was recognised once. */
async function checkOneIncome({ site, buyer }: Scene): Promise<void> {
  const { rows } = await sql<Record<string, number>>`
    with line as (
      select line.id, line.amount from order_lines line join profiles payer on payer.id = line.beneficiary_id
      where payer.slug = ${buyer}
    )
    select count(distinct event.id)::int as events, sum(entry.dest_amount)::int as income,
      (select sum(amount)::int from line) as sold, (select sum(recognised)::int from coverages
        where order_line_id in (select id from line)) as recognised
    from line join ledger_events event on event.key like 'recognise:' || line.id || '.%'
    join ledger_entries entry on entry.ledger_event_id = event.id and entry.orig_account = 'Income'`.execute(
    site.app.db,
  );
  const { events, income, sold, recognised } = rows[0] ?? {};
  assert.ok((events ?? 0) >= 1, 'income was recognised');
  assert.deepEqual([income, recognised], [sold, sold]);
}

/** Verbs that move money. A new one joins by an entry. */
export const verbs: readonly Verb[] = [
  { name: 'checkout', prepare: fill, act: (scene, node) => pay(scene, node), check: checkOnePurchase },
  {
    name: 'job that finishes a checkout whose response was lost',
    async prepare(scene) {
      await fill(scene);
      assert.equal((await pay(scene, scene.site.app, 'tok_timeout')).status, 503);
      await scene.site.moveClock(60_000);
      await scene.site.app.db
        .updateTable('orders')
        .set({ created_at: scene.site.app.clock.now() })
        .where('state', '=', 'reserved')
        .execute();
    },
    act: (_, node) => runJob(node.tollgate, 'finish_orders', new Date(node.clock.now().getTime() + 60_000)),
    check: checkOnePurchase,
  },
  {
    name: 'settlement of an open charge by a webhook request',
    prepare: (scene) => buy(scene, 'tok_chargeAsyncFail'),
    act: decide,
    check: checkOnePurchase,
  },
  {
    name: 'refund',
    prepare: buy,
    act: ({ site, buyer, notes }, node) =>
      site.call(
        site.managerOf('cowork'),
        'POST',
        `/api/billing/${buyer}/charges/${notes.get('charge')}/refund`,
        { lines: [{ num: 0, refunded_amount: 700 }] },
        { node, headers: { 'idempotency-key': `refund-for-${buyer}` } },
      ),
    check: checkOneRefund,
  },
  {
    name: 'withdrawal',
    prepare: buy,
    act: withdraw,
    check: (scene) => checkOnePayout(scene, false),
  },
  {
    name: 'return of a payout by a webhook request',
    async prepare(scene) {
      await buy(scene);
      await withdraw(scene, scene.site.app);
      const payout = await findPayoutByKey(scene.site.app.db, sha256Hex(scene.buyer));
      scene.notes.set('payout', payout?.processor_key ?? '');
    },
    // A repeated decision is unknown to the test processor, so the job books it.
    act: (scene, node) =>
      apiClient(node)('POST', `/_dev/processor/payouts/${scene.notes.get('payout')}`, { state: 'failed' }),
    async check(scene) {
      await runJob(scene.site.app.tollgate, 'finish_payouts');
      await checkOnePayout(scene, true);
    },
  },
  { name: 'import', prepare: buy, act: importTen, check: checkOneImport },
  ...verbsOfBalances(buy),
  ...verbsOfChanges(buy),
  {
    name: 'recognition of income',
    async prepare(scene) {
      await buy(scene);
      // The site parks its buyers, because the model has no time.
      await sql`delete from parked_profiles using profiles
        where profiles.id = profile_id and slug = ${scene.buyer}`.execute(scene.site.app.db);
    },
    act: (_, node) =>
      runJob(node.tollgate, 'recognise_income', new Date(node.clock.now().getTime() + 3 * 366 * 86_400_000)),
    check: checkOneIncome,
  },
];

/** Starts a second process on the database of the first, whose connections are cut at a chosen request. */
async function startVictim(app: TestApp) {
  assert(app.database.url !== null, 'a process is killed on a database server only');
  const proxy = await startCuttingProxy(app.database.url);
  const database = await openDatabase({ url: proxy.url });
  const victim = await startApp({ seed: false, now: app.clock.now(), database: { ...database, url: proxy.url } });
  return { proxy, victim };
}

/**
 * Kills the process after `count` requests to the database during the verb, restarts it, runs the jobs, and repeats the
 * request of the caller. Returns false if the verb completed first.
 */
export async function crashAfter(app: TestApp, verb: Verb, count: number): Promise<boolean> {
  const { site, model } = await makeSite(app);
  const scene: Scene = { site, model, buyer: model.buyers[0] ?? assert.fail(), notes: new Map() };
  await verb.prepare(scene);
  const { proxy, victim } = await startVictim(app);
  proxy.cutAfter(count);
  // The killed process sends no response, and its errors after the cut are ignored.
  await Promise.race([Promise.resolve(verb.act(scene, victim)).catch(() => {}), proxy.cut]);
  const is_cut = proxy.is_cut();
  await proxy.close();
  void victim.close().catch(() => {});
  // The restarted process runs its jobs; then the caller repeats the request with its key.
  await site.moveClock(15 * 60_000);
  await verb.act(scene, app);
  await verb.check(scene);
  await checkInvariants(app);
  return is_cut;
}
