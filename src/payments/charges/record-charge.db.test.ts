import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Problem } from '#kernel/problem';
import { accounts, findBalance, findEventEntries, findStatementBalance, fromSubjectColumns } from '#ledger';
import type { ProfileId } from '#platform/db/db-schema';
import { inTransaction } from '#platform/db/database';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { makeParty } from '../../../test/support/factories/ledger.ts';
import { linesOf, makeAttempt, makeCharge } from '../../../test/support/factories/payments.ts';
import { callProcessor, findOutcome } from './call-processor.ts';
import { findCoveringCharges, findCharge, findChargeItems } from '../records/charge-store.ts';
import { findUnresolvedCharge } from '../records/unresolved-charge-store.ts';
import { findAttempt } from '../records/attempt-store.ts';
import { findSavedCard } from '../cards/payment-method-store.ts';
import { type AcceptedOutcome, type ChargeOutcome, isAccepted } from '../processors/processor.ts';
import { decideTestCharge } from '../processors/test/test-processor-store.ts';
import { chargeSubject } from '../records/charge.ts';
import { closeUnpaidAttempt, recordCharge } from './record-charge.ts';
import { refreshCharge } from './refresh-charge.ts';
import { reserveAttempt } from './reserve-attempt.ts';
import { settlePendingCharges } from './settle-pending-charges.ts';

let database: TestDatabase;
let ctx: TestContext;
let provider: ProfileId;
before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db);
  provider = ctx.site.broker_id;
});
after(() => database.close());

const makePayer = () => makeParty(database.db);
const findOwedAmounts = async (payer: ProfileId) => (await findStatementBalance(ctx.db, payer, ctx.clock.now())).totals;
const requireAccepted = (outcome: ChargeOutcome | null): AcceptedOutcome => {
  assert(isAccepted(outcome));
  return outcome;
};
const isProblem = (code: string) => (error: unknown) => error instanceof Problem && error.code === code;
async function newsOf(processor_key: string): Promise<unknown[]> {
  const rows = await ctx.db.selectFrom('outbox_events').selectAll().where('name', '=', 'charge_updated').execute();
  return rows.flatMap(({ payload }) =>
    payload !== null &&
    typeof payload === 'object' &&
    'processor_key' in payload &&
    payload['processor_key'] === processor_key
      ? [payload['news']]
      : [],
  );
}

test('an accepted charge is stored with its lines, booked and announced by charge_updated', async () => {
  const payer = await makePayer();
  const { charge, orders } = await makeCharge(ctx, { payer, provider });
  assert.equal(charge.state, 'done');
  assert.equal(charge.description, `Charge ${charge.processor_key} on credit card of Joe Test`);
  assert.deepEqual([charge.last4, charge.exp_date], ['1234', '2027-03-01']);
  const entries = await findEventEntries(ctx.db, `charge:${charge.processor_key}`);
  assert.deepEqual(
    entries?.map(({ orig_account, dest_account, dest_amount }) => `${orig_account} → ${dest_account} ${dest_amount}`),
    [
      'Liability → Funds 2000',
      'Payable → Liability 2000',
      'Backlog → Expenses 88',
      'Backlog → Receivable 2000',
      'Funds → Funds 1912',
    ],
  );
  assert.deepEqual(entries?.[0] && fromSubjectColumns(entries[0]), chargeSubject(charge.id));
  const [item] = await findChargeItems(ctx.db, charge.id);
  assert.equal(item?.invoiced_entry_id, orders[0]?.id);
  assert.equal(item?.fee_entry_id, entries?.[2]?.id);
  assert.equal(item?.distribute_entry_id, entries?.[4]?.id);
  assert.deepEqual(await findOwedAmounts(payer), []);
  assert.deepEqual(await newsOf(charge.processor_key), ['done']);
});

test('the broker gets its percentage of a sale of another provider', async () => {
  const payer = await makePayer();
  const club = await makeParty(database.db);
  await makeCharge(ctx, { payer, provider: club, amounts: [17999], broker_fee_percent: 1000 });
  assert.deepEqual(await findBalance(ctx.db, club, accounts.funds), [{ unit: 'usd', amount: 15648 }]);
  assert.deepEqual(await findBalance(ctx.db, club, accounts.expenses), [{ unit: 'usd', amount: 2351 }]);
});

test('recording one outcome twice returns the same charge', async () => {
  const payer = await makePayer();
  const { attempt, orders } = await makeAttempt(ctx, { payer, provider });
  const outcome = requireAccepted(await callProcessor(ctx, attempt));
  const record = () =>
    inTransaction(ctx.db, (tx) => recordCharge(tx, attempt, outcome, linesOf(orders), ctx.clock.now()));
  const [first, second] = [await record(), await record()];
  assert.equal(second.id, first.id);
  const { rows } = { rows: await findChargeItems(ctx.db, first.id) };
  assert.equal(rows.length, 1);
});

test('six concurrent recordings of one outcome make one charge and one booking', async () => {
  const payer = await makePayer();
  const { attempt, orders } = await makeAttempt(ctx, { payer, provider });
  const outcome = requireAccepted(await callProcessor(ctx, attempt));
  const charges = await Promise.all(
    Array.from({ length: 6 }, () =>
      inTransaction(ctx.db, (tx) => recordCharge(tx, attempt, outcome, linesOf(orders), ctx.clock.now())),
    ),
  );
  assert.equal(new Set(charges.map(({ id }) => id)).size, 1);
  assert.deepEqual(await newsOf(outcome.processor_key), ['done']);
});

test('a declined card leaves a closed attempt and no charge', async () => {
  const payer = await makePayer();
  const { attempt } = await makeAttempt(ctx, { payer, provider, token: 'tok_chargeDeclined' });
  const outcome = await callProcessor(ctx, attempt);
  assert(outcome.outcome === 'declined');
  assert.equal(outcome.code, 'card_declined');
  await inTransaction(ctx.db, (tx) => closeUnpaidAttempt(tx, attempt, 'declined', outcome, ctx.clock.now()));
  const closed = await findAttempt(ctx.db, attempt.id);
  assert.deepEqual([closed?.state, closed?.decline_code], ['declined', 'card_declined']);
  assert.equal(await findUnresolvedCharge(ctx.db, payer), undefined);
});

test('calling the processor twice with one attempt charges once', async () => {
  const { attempt } = await makeAttempt(ctx, { payer: await makePayer(), provider });
  const [first, second] = [await callProcessor(ctx, attempt), await callProcessor(ctx, attempt)];
  assert.deepEqual(second, first);
  const { count } = await ctx.db
    .selectFrom('test_processor_charges')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('idempotency_key', '=', attempt.key)
    .executeTakeFirstOrThrow();
  assert.equal(count, 1);
});

test('a charge whose response was lost is found by the key of its attempt', async () => {
  const payer = await makePayer();
  const { attempt, orders } = await makeAttempt(ctx, { payer, provider, token: 'tok_timeout' });
  await assert.rejects(callProcessor(ctx, attempt), isProblem('processor_unreachable'));
  const read = await findAttempt(ctx.db, attempt.id);
  assert(read);
  assert.deepEqual([read.state, read.source], ['reserved', null]);
  const outcome = requireAccepted(await findOutcome(ctx, read));
  const charge = await inTransaction(ctx.db, (tx) => recordCharge(tx, read, outcome, linesOf(orders), ctx.clock.now()));
  assert.equal(charge.state, 'done');
  assert.deepEqual(await findOwedAmounts(payer), []);
});

test('a processor that was never reached has no outcome of the attempt', async () => {
  const { attempt } = await makeAttempt(ctx, { payer: await makePayer(), provider, token: 'tok_unreachable' });
  await assert.rejects(callProcessor(ctx, attempt), isProblem('processor_unreachable'));
  assert.equal(await findOutcome(ctx, attempt), null);
});

test('money that moved is recorded although the attempt was marked failed', async () => {
  const payer = await makePayer();
  const { attempt, orders } = await makeAttempt(ctx, { payer, provider });
  await inTransaction(ctx.db, (tx) => closeUnpaidAttempt(tx, attempt, 'failed', null, ctx.clock.now()));
  const outcome = requireAccepted(await callProcessor(ctx, attempt));
  await inTransaction(ctx.db, (tx) => recordCharge(tx, attempt, outcome, linesOf(orders), ctx.clock.now()));
  assert.equal((await findAttempt(ctx.db, attempt.id))?.state, 'settled');
});

test('a pending charge books nothing until it is decided', async () => {
  const payer = await makePayer();
  const { charge, orders } = await makeCharge(ctx, { payer, provider, token: '4000000000000341' });
  assert.equal(charge.state, 'created');
  assert.equal(await findEventEntries(ctx.db, `charge:${charge.processor_key}`), undefined);
  assert.equal((await findUnresolvedCharge(ctx.db, payer))?.id, charge.id);
  const covering = await findCoveringCharges(ctx.db, [orders[0]!.id]);
  assert.equal(covering.get(orders[0]!.id)?.id, charge.id);
  await settlePendingCharges(ctx);
  assert.equal((await findCharge(ctx.db, charge.processor_key))?.state, 'created');

  await inTransaction(ctx.db, (tx) => decideTestCharge(tx, charge.processor_key, 'done'));
  await settlePendingCharges(ctx);
  assert.equal((await findCharge(ctx.db, charge.processor_key))?.state, 'done');
  assert.deepEqual(await findOwedAmounts(payer), []);
});

test('a charge that fails later books nothing, so the order stays due', async () => {
  const payer = await makePayer();
  const { charge, orders } = await makeCharge(ctx, { payer, provider, token: 'tok_chargeAsyncFail' });
  await inTransaction(ctx.db, (tx) => decideTestCharge(tx, charge.processor_key, 'failed'));
  const failed = await refreshCharge(ctx, charge);
  assert.equal(failed.state, 'failed');
  assert.equal(await findEventEntries(ctx.db, `charge:${charge.processor_key}`), undefined);
  assert.deepEqual(await findOwedAmounts(payer), [{ unit: 'usd', amount: 2000 }]);
  assert.equal((await findCoveringCharges(ctx.db, [orders[0]!.id])).size, 0);
  assert.deepEqual(await newsOf(charge.processor_key), ['failed']);
});

test('a concurrent poll and webhook settle a charge once', async () => {
  const { charge } = await makeCharge(ctx, { payer: await makePayer(), provider, token: 'tok_chargeAsyncFail' });
  await inTransaction(ctx.db, (tx) => decideTestCharge(tx, charge.processor_key, 'done'));
  const settled = await Promise.all(Array.from({ length: 5 }, () => refreshCharge(ctx, charge)));
  assert(settled.every(({ state }) => state === 'done'));
  assert.deepEqual(await newsOf(charge.processor_key), ['done']);
});

test('a card is put on file only on request and only if it was accepted', async () => {
  const payer = await makePayer();
  await makeCharge(ctx, { payer, provider });
  assert.equal(await findSavedCard(ctx.db, payer), undefined);
  await makeCharge(ctx, { payer, provider, token: '4242424242424242', remember_card: true });
  assert.equal((await findSavedCard(ctx.db, payer))?.last4, '4242');
  const { attempt } = await makeAttempt(ctx, { payer, provider, token: '4000000000000002', remember_card: true });
  assert.equal((await callProcessor(ctx, attempt)).outcome, 'declined');
  assert.equal((await findSavedCard(ctx.db, payer))?.last4, '4242');

  const { charge } = await makeCharge(ctx, { payer, provider, token: null });
  assert.equal(charge.last4, '4242');
});

test('a payer without a card on file and without a token cannot be charged', async () => {
  await assert.rejects(
    makeAttempt(ctx, { payer: await makePayer(), provider, token: null }),
    isProblem('payment_method_absent'),
  );
});

test('an amount below the minimum is not charged', async () => {
  const payer = await makePayer();
  await assert.rejects(
    inTransaction(ctx.db, (tx) =>
      reserveAttempt(tx, {
        processors: ctx.processors,
        profile_id: payer,
        created_by: null,
        amount: 49,
        unit: 'usd',
        lines: [],
        description: '',
        token: 'tok_visa',
        remember_card: false,
        at: ctx.clock.now(),
      }),
    ),
    isProblem('charge_too_small'),
  );
});

test('lines whose sum differs from the amount of the charge fail an assertion', async () => {
  const { attempt, orders } = await makeAttempt(ctx, { payer: await makePayer(), provider });
  const outcome = requireAccepted(await callProcessor(ctx, attempt));
  const short = linesOf(orders).map((line) => ({ ...line, amount: 1999 }));
  await assert.rejects(
    inTransaction(ctx.db, (tx) => recordCharge(tx, attempt, outcome, short, ctx.clock.now())),
    { code: 'ERR_ASSERTION' },
  );
});
