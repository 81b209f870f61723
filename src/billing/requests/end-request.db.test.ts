import assert from 'node:assert/strict';
import { sql } from 'kysely';
import { after, before, beforeEach, test } from 'node:test';
import type { Plan } from '#catalog';
import { findStatementBalance, verifyLedger } from '#ledger';
import type { ProfileId } from '#platform/db/db-schema';
import { endAllOfProfile, findSubscription, type Subscription } from '#subscriptions';
import { inTransaction } from '#platform/db/database';

import { finishRefunds, refundCharge } from '#payments';
import { ledgerChecks } from '../../ledger-checks.ts';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import {
  addPlanToCart,
  type Buyer,
  checkOutCart,
  isProblemWithCode,
  makeBuyer,
} from '../../../test/support/factories/billing.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { placeUnpaidOrder } from '../checkout/index.ts';
import { giveCredit } from '../credits/give-credit.ts';
import { recogniseIncome } from '../recognition/index.ts';
import { makeRequestEnding } from './end-request.ts';
import { returnRequests } from './return-requests.ts';

let database: TestDatabase;
let ctx: TestContext;
before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());
beforeEach(async () => {
  ctx = await testContext(database.db);
});

const ending = () => makeRequestEnding(ctx.processors);

async function getRunning(profile_id: ProfileId, plan: Plan): Promise<Subscription> {
  const found = await findSubscription(database.db, profile_id, plan.id, ctx.clock.now());
  assert.ok(found);
  return found;
}

/** Buys a plan that the provider must accept. */
async function request(buyer: Buyer, plan: Plan): Promise<Subscription> {
  await addPlanToCart(buyer, plan);
  await checkOutCart(buyer);
  return getRunning(buyer.profile.id, plan);
}

const due = async ({ profile }: Pick<Buyer, 'profile'>) =>
  (await findStatementBalance(database.db, profile.id, ctx.clock.now())).totals;

/** Sums an account of a profile over the entries of one test, which are about `about`. */
async function balance(
  profile_id: ProfileId,
  account: string,
  about: Pick<Subscription, 'id' | 'profile_id'>,
): Promise<number> {
  const events = database.db
    .selectFrom('ledger_entries as own')
    .select('own.ledger_event_id')
    .where((eb) =>
      eb.or([
        eb('own.orig_profile_id', '=', about.profile_id),
        eb('own.dest_profile_id', '=', about.profile_id),
        eb.and([eb('own.subject_kind', '=', 'sub'), eb('own.subject_id', '=', String(about.id))]),
      ]),
    );
  const rows = await database.db
    .selectFrom('ledger_entries')
    .selectAll()
    .where('ledger_event_id', 'in', events)
    .execute();
  return rows.reduce(
    (sum, row) =>
      sum +
      (row.dest_profile_id === profile_id && row.dest_account === account ? row.dest_amount : 0) -
      (row.orig_profile_id === profile_id && row.orig_account === account ? row.orig_amount : 0),
    0,
  );
}

async function entriesOf(kind: string, profile_id: ProfileId) {
  const rows = await database.db
    .selectFrom('ledger_entries as entry')
    .innerJoin('ledger_events as event', 'event.id', 'entry.ledger_event_id')
    .select(['orig_account', 'dest_account', 'orig_amount', 'subject_kind'])
    .where('event.kind', '=', kind)
    .where('entry.ledger_event_id', 'in', (eb) =>
      eb
        .selectFrom('ledger_entries as own')
        .select('own.ledger_event_id')
        .where((own) => own.or([own('orig_profile_id', '=', profile_id), own('dest_profile_id', '=', profile_id)])),
    )
    .orderBy('entry.id')
    .execute();
  return rows.map((row) => `${row.subject_kind} ${row.orig_account}→${row.dest_account} ${row.orig_amount}`);
}

async function requireSoundLedger(): Promise<void> {
  assert.deepEqual((await verifyLedger(database.db, { checks: ledgerChecks })).violations, []);
}

test('a declined request that was paid is refunded in full with its setup fee, and nothing stays in Backlog', async () => {
  const buyer = await makeBuyer(ctx);
  const plan = await makePlan(ctx, { optin_on_request: true, setup_amount: 500 });
  const requested = await request(buyer, plan);
  const preview = await ending().previewEnding(ctx, requested);
  assert.deepEqual(preview, { refunded: [{ amount: 2500, unit: 'usd' }], credited: [], noted: [], due: [] });
  const sentence = await ending().endRequest(ctx, requested);
  assert.match(sentence, /^The request has ended\. \$25\.00 refunded successfully on charge /);
  assert.equal(await findSubscription(database.db, buyer.profile.id, plan.id, ctx.clock.now()), undefined);
  assert.equal(await balance(buyer.profile.id, 'Refunded', requested), -2500);
  const own = await entriesOf('refund', buyer.profile.id);
  assert.deepEqual(
    own.filter((text) => text.startsWith('sub ')),
    ['sub Refund→Backlog 2000', 'sub Refund→Backlog 500'],
  );
  assert.equal(await balance(plan.profile_id, 'Backlog', requested), 0);
  assert.equal(await balance(plan.profile_id, 'Refund', requested), 0);
  const coverages = await database.db
    .selectFrom('coverages')
    .select(['amount', 'starts_at', 'ends_at'])
    .where('subscription_id', '=', requested.id)
    .execute();
  assert.deepEqual(
    coverages.map(({ amount, starts_at, ends_at }) => [amount, ends_at.getTime() - starts_at.getTime()]),
    [
      [0, 0],
      [0, 0],
    ],
  );
  const notes = await database.db
    .selectFrom('documents')
    .select(['amount', 'refunded', 'due_reduced'])
    .where('profile_id', '=', buyer.profile.id)
    .where('series', '=', 'credit_note')
    .execute();
  assert.deepEqual(notes, [{ amount: 2500, refunded: 2500, due_reduced: 0 }]);
  await requireSoundLedger();
});

test('a declined request that was not paid is no longer due, and its credit note lowers the debt', async () => {
  const buyer = await makeBuyer(ctx);
  const plan = await makePlan(ctx, { optin_on_request: true });
  await addPlanToCart(buyer, plan);
  const terms = { is_broker: true, is_payer: false, is_allowed: false };
  await placeUnpaidOrder(buyer.ctx, buyer.profile.id, buyer.owner, { choices: undefined, cart_version: null }, terms);
  const requested = await getRunning(buyer.profile.id, plan);
  assert.deepEqual(await due(buyer), [{ amount: 2000, unit: 'usd' }]);
  assert.deepEqual((await ending().previewEnding(ctx, requested)).due, [{ amount: 2000, unit: 'usd' }]);
  assert.equal(await ending().endRequest(ctx, requested), 'The request has ended.');
  assert.deepEqual(await due(buyer), []);
  assert.deepEqual(await entriesOf('decline', buyer.profile.id), ['sub Payable→Receivable 2000']);
  assert.equal(await balance(plan.profile_id, 'Receivable', requested), 0);
  const note = await database.db
    .selectFrom('documents')
    .innerJoin('document_lines', 'document_id', 'documents.id')
    .select(['documents.amount', 'refunded', 'due_reduced', 'kind'])
    .where('profile_id', '=', buyer.profile.id)
    .where('series', '=', 'credit_note')
    .execute();
  assert.deepEqual(note, [{ amount: 2000, refunded: 0, due_reduced: 2000, kind: 'unpaid_end' }]);
  await requireSoundLedger();
});

test('a crash after the request ended leaves the refund to the job, which books it once', async () => {
  const buyer = await makeBuyer(ctx);
  const plan = await makePlan(ctx, { optin_on_request: true });
  const requested = await request(buyer, plan);
  // The processor is cut off after the transaction: as a process that ends before it calls.
  const processors = {
    ...ctx.processors,
    getByName: (name: string) => ({
      ...ctx.processors.getByName(name),
      refund: () => Promise.reject(new Error('the process ended')),
    }),
  };
  const sentence = await makeRequestEnding(processors).endRequest(ctx, requested);
  assert.equal(sentence, 'The request has ended. The refund is being sent.');
  assert.equal(await findSubscription(database.db, buyer.profile.id, plan.id, ctx.clock.now()), undefined);
  assert.equal(await balance(buyer.profile.id, 'Refunded', requested), 0);
  ctx.clock.set(new Date(ctx.clock.now().getTime() + 3_600_000));
  // The processor never received the refund: a retry of the job sends no money twice.
  await finishRefunds(ctx);
  await finishRefunds(ctx);
  const refunds = await database.db
    .selectFrom('refunds')
    .innerJoin('charges', 'charges.id', 'refunds.charge_id')
    .select(['refunds.state', 'returns_backlog'])
    .where('charges.profile_id', '=', buyer.profile.id)
    .execute();
  assert.deepEqual(refunds, [{ state: 'settled', returns_backlog: true }]);
  assert.equal(await balance(buyer.profile.id, 'Refunded', requested), -2000);
  assert.equal(await balance(plan.profile_id, 'Backlog', requested), 0);
  await requireSoundLedger();
});

test('a request is declined or accepted, never both', async () => {
  const buyer = await makeBuyer(ctx);
  const plan = await makePlan(ctx, { optin_on_request: true });
  const requested = await request(buyer, plan);
  await database.db.updateTable('subscriptions').set({ request_key: null }).where('id', '=', requested.id).execute();
  await assert.rejects(ending().endRequest(ctx, requested), isProblemWithCode('request_decided'));
  assert.equal(await balance(buyer.profile.id, 'Refunded', requested), 0);
});

test('two declines at the same time refund once', async () => {
  const buyer = await makeBuyer(ctx);
  const plan = await makePlan(ctx, { optin_on_request: true });
  const requested = await request(buyer, plan);
  const outcomes = await Promise.allSettled([ending().endRequest(ctx, requested), ending().endRequest(ctx, requested)]);
  assert.deepEqual(outcomes.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
  assert.equal(await balance(buyer.profile.id, 'Refunded', requested), -2000);
});

test('an earlier goodwill refund leaves Backlog too when the request is declined', async () => {
  const buyer = await makeBuyer(ctx);
  const plan = await makePlan(ctx, { optin_on_request: true });
  await addPlanToCart(buyer, plan);
  const charge = await checkOutCart(buyer);
  assert.ok(charge);
  const broker = { profile_id: null, relation: 'broker', is_manager: true } as unknown as Parameters<
    typeof refundCharge
  >[1];
  await refundCharge(ctx, broker, charge, [{ num: 0, refunded_amount: 500 }]);
  const requested = await getRunning(buyer.profile.id, plan);
  await ending().endRequest(ctx, requested);
  assert.equal(await balance(buyer.profile.id, 'Refunded', requested), -2000);
  assert.equal(await balance(plan.profile_id, 'Backlog', requested), 0);
});

test('a request whose payment is open is not ended', async () => {
  const plan = await makePlan(ctx, { optin_on_request: true });
  const other = await makeBuyer(ctx);
  await addPlanToCart(other, plan);
  await checkOutCart(other, 'tok_chargeAsyncFail');
  const open = await getRunning(other.profile.id, plan);
  await assert.rejects(ending().endRequest(ctx, open), isProblemWithCode('charge_pending'));
  assert.ok(await getRunning(other.profile.id, plan));
});

/** Gives the buyer credit of the provider. */
async function give(buyer: Buyer, plan: Plan, amount: number): Promise<void> {
  const gift = { profile_id: buyer.profile.id, provider_id: plan.profile_id, amount, unit: 'usd' };
  await giveCredit(ctx, { ...gift, descr: 'Thank you', request_key: null });
}

const openCredit = async ({ profile }: Buyer) =>
  (
    await database.db
      .selectFrom('credits')
      .select('balance')
      .where('profile_id', '=', profile.id)
      .orderBy('id')
      .execute()
  ).map(({ balance: left }) => left);

const notes = async ({ profile }: Buyer) =>
  database.db
    .selectFrom('documents')
    .select(['amount', 'refunded', 'credited', 'due_reduced'])
    .where('profile_id', '=', profile.id)
    .where('series', '=', 'credit_note')
    .orderBy('id')
    .execute();

test('what credit alone paid of a declined request is credit again, with a credit note', async () => {
  const buyer = await makeBuyer(ctx);
  const plan = await makePlan(ctx, { optin_on_request: true });
  await give(buyer, plan, 5000);
  const requested = await request(buyer, plan);
  assert.deepEqual(await openCredit(buyer), [3000]);
  const preview = await ending().previewEnding(ctx, requested);
  assert.deepEqual(preview, { refunded: [], credited: [{ amount: 2000, unit: 'usd' }], noted: [], due: [] });
  assert.equal(
    await ending().endRequest(ctx, requested),
    'The request has ended. $20.00 that credit paid is credit again.',
  );
  assert.deepEqual(await openCredit(buyer), [3000, 2000]);
  assert.deepEqual(await notes(buyer), [{ amount: 2000, refunded: 0, credited: 2000, due_reduced: 0 }]);
  assert.equal(await balance(plan.profile_id, 'Backlog', requested), 0);
  assert.equal(await balance(plan.profile_id, 'Refund', requested), 0);
  assert.deepEqual(await due(buyer), []);
  await requireSoundLedger();
});

test('of a request that credit paid in part, the card gets its part and the rest is credit again', async () => {
  const buyer = await makeBuyer(ctx);
  const plan = await makePlan(ctx, { optin_on_request: true });
  await give(buyer, plan, 500);
  const requested = await request(buyer, plan);
  const preview = await ending().previewEnding(ctx, requested);
  assert.deepEqual(preview, {
    refunded: [{ amount: 1500, unit: 'usd' }],
    credited: [{ amount: 500, unit: 'usd' }],
    noted: [],
    due: [],
  });
  await ending().endRequest(ctx, requested);
  assert.deepEqual(await openCredit(buyer), [0, 500]);
  assert.deepEqual(await notes(buyer), [{ amount: 2000, refunded: 1500, credited: 500, due_reduced: 0 }]);
  assert.equal(await balance(plan.profile_id, 'Backlog', requested), 0);
  await requireSoundLedger();
});

const countExpired = async (id: Subscription['id']) =>
  (
    await database.db
      .selectFrom('outbox_events')
      .select('payload')
      .where('name', '=', 'subscription_request_expired')
      .where(sql<boolean>`payload->>'subscription_id' = ${String(id)}`)
      .execute()
  ).length;

test('a request that ends without a decision gives its money back, once, and the parties get a notice', async () => {
  const buyer = await makeBuyer(ctx);
  const plan = await makePlan(ctx, { optin_on_request: true });
  const requested = await request(buyer, plan);
  const debtor = await makeBuyer(ctx);
  await addPlanToCart(debtor, plan);
  const terms = { is_broker: true, is_payer: false, is_allowed: false };
  await placeUnpaidOrder(
    debtor.ctx,
    debtor.profile.id,
    debtor.owner,
    { choices: undefined, cart_version: null },
    terms,
  );
  const run = () => returnRequests(ctx, ctx.processors);
  await run();
  assert.equal(await balance(buyer.profile.id, 'Refunded', requested), 0, 'the provider may still decide');
  ctx.clock.set(requested.ends_at);
  await recogniseIncome(ctx, ctx.clock.now());
  assert.equal(await balance(plan.profile_id, 'Income', requested), 0, 'a request earns nothing');
  await Promise.all([run(), run()]);
  assert.equal(await run(), 0, 'a second run gives nothing back');
  assert.equal(await balance(buyer.profile.id, 'Refunded', requested), -2000);
  assert.equal(await balance(plan.profile_id, 'Backlog', requested), 0);
  assert.deepEqual(await due(debtor), []);
  assert.deepEqual(await notes(buyer), [{ amount: 2000, refunded: 2000, credited: 0, due_reduced: 0 }]);
  assert.deepEqual(await notes(debtor), [{ amount: 2000, refunded: 0, credited: 0, due_reduced: 2000 }]);
  assert.equal(await countExpired(requested.id), 1);
  await requireSoundLedger();
});

test('a request of an archived profile gives its money back; a declined one does so once', async () => {
  const buyer = await makeBuyer(ctx);
  const plan = await makePlan(ctx, { optin_on_request: true });
  const requested = await request(buyer, plan);
  await inTransaction(database.db, (tx) => endAllOfProfile(tx, buyer.profile.id, ctx.clock.now()));
  const other = await makeBuyer(ctx);
  const declined = await request(other, plan);
  await ending().endRequest(ctx, declined);
  await returnRequests(ctx, ctx.processors);
  assert.equal(await balance(buyer.profile.id, 'Refunded', requested), -2000);
  assert.equal(await balance(other.profile.id, 'Refunded', declined), -2000);
  assert.deepEqual([await countExpired(requested.id), await countExpired(declined.id)], [1, 0]);
  await requireSoundLedger();
});

test('income that was recognised of a request before is taken back with it', async () => {
  const buyer = await makeBuyer(ctx);
  const plan = await makePlan(ctx, { optin_on_request: true });
  const requested = await request(buyer, plan);
  const rows = database.db.updateTable('subscriptions').where('id', '=', requested.id);
  // As releases did that recognised the income of requests.
  await rows.set({ request_key: null }).execute();
  ctx.clock.set(requested.ends_at);
  await recogniseIncome(ctx, ctx.clock.now());
  await rows.set({ request_key: requested.request_key }).execute();
  assert.equal(await balance(plan.profile_id, 'Income', requested), -2000);
  await returnRequests(ctx, ctx.processors);
  assert.equal(await balance(plan.profile_id, 'Income', requested), 0);
  assert.equal(await balance(plan.profile_id, 'Backlog', requested), 0);
  await requireSoundLedger();
});
