import assert from 'node:assert/strict';
import { Problem } from '#kernel/problem';
import { sql } from 'kysely';
import { ledgerChecks } from '../../src/ledger-checks.ts';
import { verifyLedger } from '#ledger';
import type { ProfileId } from '#platform/db/db-schema';
import { connectBank, type PaymentContext, withdrawFunds } from '#payments';
import { sha256Hex } from '#platform/security/crypto';
import { runJob } from '../support/run-job.ts';
import { startApp, type TestApp } from '../support/start-app.ts';
import { type StripeSite, startStripeSite } from '../support/stripe-site.ts';
import { installKillPoints, newLife, runUntilKilled } from './kill-points.ts';
import type { Model } from './model/model.ts';
import { makeSite, type Site } from './site.ts';

/** A seller with an account at Stripe of its own and a buyer, of one point only. */
interface Scene {
  stripe: StripeSite;
  site: Site;
  model: Model;
  buyer: string;
  seller: string;
  seller_id: ProfileId;
  /** Account of the seller at Stripe. */
  account: string;
  /** Key of the charge, once `buy` has made it. */
  charge: string;
}

/** A verb that calls Stripe, and what is true after it was killed and repeated. */
export interface StripeVerb {
  name: string;
  prepare(scene: Scene): Promise<void>;
  /** Runs on the node that is killed; then the caller repeats it with the same key. */
  act(scene: Scene, node: TestApp): Promise<unknown>;
  /** Objects at Stripe and rows of the site. */
  expected: Record<string, number>;
}

/** Every order, attempt, refund and payout is finished within it. */
const RECOVERY_MS = 15 * 60_000;
const PAYOUT = 5000;

async function fill({ site, model, buyer, seller }: Scene): Promise<void> {
  const plan = model.plans.find(({ provider, unit }) => provider === seller && unit === 'usd');
  const added = await site.call(buyer, 'POST', '/api/cart', { plan: plan?.slug, option: 1 });
  assert(added.status < 300, added.text);
}

const pay = ({ site, buyer }: Scene, node: TestApp) =>
  site.call(
    buyer,
    'POST',
    `/api/billing/${buyer}/checkout`,
    { processor_token: 'pm_card_bypassPending', remember_card: true },
    { node, headers: { 'idempotency-key': `order-of-${buyer}` } },
  );

async function buy(scene: Scene): Promise<void> {
  await fill(scene);
  const paid = await pay(scene, scene.stripe.app);
  assert.equal(paid.status, 201, paid.text);
  scene.charge = paid.json<{ processor_key: string }>().processor_key;
}

async function withdraw({ seller_id, seller, buyer }: Scene, node: TestApp): Promise<string> {
  const made = await node.tollgate.makeContext('test');
  const ctx: PaymentContext = { ...made, actor: { kind: 'anonymous', visitor_hash: null } };
  const send = (key: string) =>
    withdrawFunds(ctx, seller_id, { amount: PAYOUT, unit: 'usd', key: sha256Hex(`${seller} ${buyer} ${key}`) });
  // A request that never arrived was closed by the job, and its key is used up: the caller asks anew.
  return send('first').catch((error: unknown) => {
    if (error instanceof Problem && error.code === 'payout_refused') return send('second');
    throw error;
  });
}

const one_purchase = {
  charges_at_stripe: 1,
  charges: 1,
  orders: 1,
  subscriptions: 1,
  cards: 1,
  cards_at_stripe: 1,
  customers_at_stripe: 1,
};

/** The verbs of S73. A new one joins by an entry. */
export const stripeVerbs: readonly StripeVerb[] = [
  { name: 'checkout', prepare: fill, act: pay, expected: one_purchase },
  {
    name: 'refund',
    prepare: buy,
    act: ({ site, seller, buyer, charge }, node) =>
      site.call(
        site.managerOf(seller),
        'POST',
        `/api/billing/${buyer}/charges/${charge}/refund`,
        { lines: [{ num: 0, refunded_amount: 7000 }] },
        { node, headers: { 'idempotency-key': `refund-for-${buyer}` } },
      ),
    expected: { ...one_purchase, refunds: 1, refunds_at_stripe: 1, fee_refunds_at_stripe: 1 },
  },
  {
    name: 'save card',
    prepare: async () => {},
    act: ({ site, buyer }, node) =>
      site.call(
        buyer,
        'PUT',
        `/api/billing/${buyer}/card`,
        { token: 'pm_card_visa' },
        { node, headers: { 'idempotency-key': `card-of-${buyer}` } },
      ),
    expected: { cards: 1, cards_at_stripe: 1, customers_at_stripe: 1 },
  },
  {
    name: 'payout',
    prepare: buy,
    act: withdraw,
    expected: { ...one_purchase, payouts: 1, payouts_at_stripe: 1 },
  },
  {
    name: 'handler of messages',
    async prepare(scene) {
      await buy(scene);
      const options = { stripeAccount: scene.account };
      await scene.stripe.client.refunds.create({ charge: scene.charge, amount: 3000 }, options);
      await scene.stripe.act(`charges/${scene.charge}/dispute`, { amount: 4000 });
      await runJob(scene.stripe.app.tollgate, 'sweep_processor_events');
    },
    act: (_, node) => runUnlimited(node, 'handle_processor_events'),
    expected: { ...one_purchase, refunds: 1, refunds_at_stripe: 1, disputes: 1, disputes_at_stripe: 1 },
  },
];

/** Counts what the seller and the buyer have; without the zeros. */
async function countThings(scene: Scene): Promise<Record<string, number>> {
  const { stripe, account, buyer, seller_id } = scene;
  const { rows } = await sql<Record<string, number>>`
    with payer as (select id from profiles where slug = ${buyer}), mine as (select * from charges where profile_id in (table payer))
    select
      (select count(*)::int from mine where state in ('done', 'disputed')) as charges,
      (select count(*)::int from orders where profile_id in (table payer) and state = 'settled') as orders,
      (select count(*)::int from orders where profile_id in (table payer) and state = 'reserved') as open_orders,
      (select count(*)::int from charge_attempts where profile_id in (table payer)
        and state in ('reserved', 'awaiting_action')) as open_attempts,
      (select count(*)::int from subscriptions where profile_id in (table payer)) as subscriptions,
      (select count(*)::int from payment_methods where profile_id in (table payer)) as cards,
      (select count(distinct event.id)::int from ledger_events event join ledger_entries on ledger_event_id = event.id
        where key like 'refund:%' and ${seller_id} in (orig_profile_id, dest_profile_id)) as refunds,
      (select count(*)::int from refunds where charge_id in (select id from mine) and state = 'reserved') as open_refunds,
      (select count(distinct event.id)::int from ledger_events event join ledger_entries on ledger_event_id = event.id
        where key like 'dispute:%' and ${seller_id} in (orig_profile_id, dest_profile_id)) as disputes,
      (select count(*)::int from payouts where profile_id = ${seller_id} and state in ('pending', 'paid')) as payouts,
      (select count(*)::int from payouts where profile_id = ${seller_id} and state = 'reserved') as open_payouts,
      (select count(*)::int from processor_events where state in ('new', 'parked') and account = ${account}) as open_messages,
      (select count(*)::int from orphan_payments) as orphans`.execute(stripe.app.db);
  return Object.fromEntries(Object.entries({ ...rows[0], ...(await countAtStripe(scene)) }).filter(([, n]) => n > 0));
}

async function countAtStripe({ stripe, account, buyer, charge }: Scene): Promise<Record<string, number>> {
  const { db } = stripe.app;
  const payer = await db.selectFrom('profiles').select('id').where('slug', '=', buyer).executeTakeFirstOrThrow();
  const { control } = stripe.emulator;
  const customers = control
    .objects('customer')
    .filter(({ metadata }) => (metadata as Record<string, string>)['tollgate_profile'] === String(payer.id));
  const isOfBuyer = ({ customer }: Record<string, unknown>) => customers.some(({ id }) => id === customer);
  const charges = control.objects('charge').filter((each) => isOfBuyer(each) && each['status'] === 'succeeded');
  const ofCharge = (kind: string) =>
    control.objects(kind).filter((each) => charges.some(({ id }) => id === each['charge']));
  const fees = ofCharge('application_fee').map(({ id }) => id);
  const { data: payouts } = await stripe.client.payouts.list({}, { stripeAccount: account });
  if (charge !== '') assert.equal(charges[0]?.id, charge);
  return {
    customers_at_stripe: customers.length,
    cards_at_stripe: control.objects('payment_method').filter(isOfBuyer).length,
    charges_at_stripe: charges.length,
    refunds_at_stripe: ofCharge('refund').length,
    fee_refunds_at_stripe: control.objects('fee_refund').filter((each) => fees.includes(String(each['fee']))).length,
    disputes_at_stripe: ofCharge('dispute').length,
    payouts_at_stripe: payouts.length,
  };
}

async function makeScene(stripe: StripeSite): Promise<Scene> {
  const { site, model } = await makeSite(stripe.app);
  const seller = model.plans.find(({ provider }) => provider !== model.broker)?.provider ?? assert.fail();
  const { db } = stripe.app;
  const { id } = await db.selectFrom('profiles').select('id').where('slug', '=', seller).executeTakeFirstOrThrow();
  await connectBank(stripe.ctx, id);
  const { account } = await db
    .selectFrom('payout_accounts')
    .select('account')
    .where('profile_id', '=', id)
    .executeTakeFirstOrThrow();
  await stripe.act(`accounts/${account}`, { to: 'ready' });
  await stripe.learn();
  const buyer = model.buyers[0] ?? assert.fail();
  return { stripe, site, model, buyer, seller, seller_id: id, account, charge: '' };
}

/** Runs a job without the limit of its time, whose timer would outlast the killed process. */
async function runUnlimited({ tollgate }: TestApp, name: string): Promise<void> {
  const job = tollgate.worker.jobs.find((each) => each.name === name) ?? assert.fail(name);
  const ctx = await tollgate.makeContext(name);
  await job.run(ctx, {} as never, ctx.clock.now()); // the job has no payload
}

/** Starts a second process on the database of the first. */
const startVictim = ({ config, database, clock }: TestApp) =>
  startApp({ seed: false, now: clock.now(), config, database: { ...database, close: async () => {} } });

/** Requires one result, and that the books and Stripe agree. */
async function check(verb: StripeVerb, scene: Scene, at: string): Promise<void> {
  const { stripe, seller_id, account } = scene;
  assert.deepEqual(await countThings(scene), verb.expected, at);
  assert.equal(await stripe.fundsOf(seller_id), await stripe.balanceOf(account), `${at}: funds of the seller`);
  const { broker_id } = stripe.ctx.site;
  assert.equal(await stripe.fundsOf(broker_id), await stripe.balanceOf(''), `${at}: funds of the broker`);
  assert.deepEqual((await verifyLedger(stripe.app.db, { checks: ledgerChecks })).violations, [], at);
  assert.deepEqual(stripe.emulator.control.invariants(), [], at);
}

/**
 * Kills the process at one point of the verb, restarts it, runs the jobs and lets the caller repeat the request, in
 * this order or, with `repeats_first`, with the request before the jobs as well. Returns the points that were passed,
 * and whether the process was killed.
 */
async function crashAt(stripe: StripeSite, verb: StripeVerb, number: number, repeats_first: boolean) {
  const scene = await makeScene(stripe);
  await verb.prepare(scene);
  const victim = await startVictim(stripe.app);
  const life = newLife(number);
  await runUntilKilled(life, () => verb.act(scene, victim));
  const { is_killed, points } = life;
  // A killed process closes nothing, and a close would wait for its abandoned work.
  if (!is_killed) await victim.close();
  // The key of the request may still be claimed by the killed process, and the response is then an error.
  if (repeats_first) await verb.act(scene, stripe.app);
  await scene.site.moveClock(RECOVERY_MS);
  await verb.act(scene, stripe.app);
  await scene.site.moveClock(RECOVERY_MS);
  await stripe.learn();
  await check(verb, scene, `${verb.name} killed at point ${number}, after ${points.at(-1) ?? 'nothing'}`);
  return { is_killed, points };
}

export interface KilledVerb {
  /** Points at which the process was killed. */
  killed: number;
  /** Points of the verb that runs through; empty if the time was over before. */
  points: readonly string[];
}

/**
 * Kills a verb at every `step`th point from `first`, until it runs through or `deadline` is over. The caller repeats
 * its request before the jobs run at every second of the points.
 */
export async function crashAtStripe(
  verb: StripeVerb,
  { first = 0, step = 1, deadline = Number.POSITIVE_INFINITY } = {},
): Promise<KilledVerb> {
  const stripe = await startStripeSite();
  installKillPoints();
  try {
    let killed = 0;
    for (; Date.now() < deadline; killed += 1) {
      const { is_killed, points } = await crashAt(stripe, verb, first + killed * step, killed % 2 === 1);
      if (!is_killed) return { killed, points };
    }
    return { killed, points: [] };
  } finally {
    await stripe.close();
  }
}
