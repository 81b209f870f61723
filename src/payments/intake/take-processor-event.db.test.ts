import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accounts, findBalance } from '#ledger';
import { inTransaction } from '#platform/db/database';
import type { Subject } from '#platform/http/guards/access';
import { randomKey40 } from '#platform/security/crypto';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { next } from '../../../test/support/factories.ts';
import { makeParty } from '../../../test/support/factories/ledger.ts';
import { makeCharge } from '../../../test/support/factories/payments.ts';
import { signTestEvent } from '../processors/test/test-intake.ts';
import { decideTestCharge, decideTestRefund } from '../processors/test/test-processor-store.ts';
import { findCharge } from '../records/charge-store.ts';
import { findOpenRefund } from '../records/refund-store.ts';
import { refundCharge } from '../refunds/refund-charge.ts';
import { finishRefunds } from '../refunds/finish-refunds.ts';
import { takeProcessorEvent } from './take-processor-event.ts';

let database: TestDatabase;
let ctx: TestContext;
before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db);
});
after(() => database.close());

const secret = 'whsec_test';
const broker: Subject = { profile_id: null, user_id: null, relation: 'broker', is_manager: true };

async function makeSale(token: string) {
  const payer = await makeParty(database.db);
  const provider = await makeParty(database.db, next('club'));
  const { charge } = await makeCharge(ctx, { payer, provider, token });
  const funds = async () => (await findBalance(ctx.db, provider, accounts.funds))[0]?.amount ?? 0;
  return { charge, funds };
}

function deliverEvent(object: string, { type = 'charge.updated', account = '', signed_with = secret } = {}) {
  const event = { id: `evt_${randomKey40()}`, type, object, account };
  const request = signTestEvent(event, signed_with, ctx.clock.now());
  return takeProcessorEvent(ctx, { processor: 'test', secrets: [secret], ...request });
}
const decideCharge = (key: string, state: 'done' | 'failed' | 'disputed') =>
  inTransaction(ctx.db, (tx) => decideTestCharge(tx, key, state));
const stateOf = async (key: string) => (await findCharge(ctx.db, key))?.state;

test('an event about a pending charge settles it, and a repeated event books nothing more', async () => {
  const { charge, funds } = await makeSale('tok_chargeAsyncFail');
  const { processor_key } = charge;
  assert.deepEqual([await deliverEvent(processor_key), await stateOf(processor_key)], ['taken', 'created']);
  await decideCharge(processor_key, 'done');
  assert.deepEqual([await deliverEvent(processor_key), await deliverEvent(processor_key)], ['taken', 'taken']);
  assert.deepEqual([await stateOf(processor_key), await funds()], ['done', 1912]);
});

test('an event about a dispute books the dispute and its reversal', async () => {
  const { charge, funds } = await makeSale('tok_visa');
  const { processor_key } = charge;
  await decideCharge(processor_key, 'disputed');
  assert.equal(await deliverEvent(processor_key, { type: 'charge.disputed' }), 'taken');
  assert.deepEqual([await stateOf(processor_key), await funds()], ['disputed', -1500]);
  await decideCharge(processor_key, 'done');
  assert.equal(await deliverEvent(processor_key, { type: 'charge.disputed' }), 'taken');
  assert.deepEqual([await stateOf(processor_key), await funds()], ['done', 1912]);
});

test('a pending refund stays open for the job, and an event about its end books it once', async () => {
  const { charge, funds } = await makeSale('tok_refund_pending');
  const { processor_key } = charge;
  const detail = await refundCharge(ctx, broker, charge, [{ num: 0, refunded_amount: 500 }]);
  assert.equal(detail, `$5.00 is being refunded on charge ${processor_key}.`);
  ctx.clock.set(new Date(ctx.clock.now().getTime() + 10 * 60_000));
  await finishRefunds(ctx);
  assert.notEqual(await findOpenRefund(ctx.db, charge.id), undefined);
  assert.equal(await funds(), 1912);

  await inTransaction(ctx.db, (tx) => decideTestRefund(tx, processor_key, 'succeeded'));
  for (let delivery = 1; delivery <= 2; delivery += 1) {
    assert.equal(await deliverEvent(processor_key, { type: 'charge.refunded' }), 'taken');
    assert.equal(await findOpenRefund(ctx.db, charge.id), undefined);
    assert.equal(await funds(), 1434);
  }
});

test('a pending refund that fails books nothing, and the line can be refunded again', async () => {
  const { charge, funds } = await makeSale('tok_refund_pending');
  await refundCharge(ctx, broker, charge, [{ num: 0 }]);
  await inTransaction(ctx.db, (tx) => decideTestRefund(tx, charge.processor_key, 'failed'));
  assert.equal(await deliverEvent(charge.processor_key, { type: 'charge.refunded' }), 'taken');
  assert.equal(await funds(), 1912);
  await refundCharge(ctx, broker, charge, [{ num: 0 }]);
  assert.notEqual(await findOpenRefund(ctx.db, charge.id), undefined);
});

// The processor debits what is not refunded when the dispute opens: a refund that fails later stays with the provider.
for (const [end, funds_after] of [
  ['succeeded', -1500],
  ['failed', 478 - 1500],
] as const) {
  test(`a dispute that opens during a refund is booked at once, and the refund when it has ${end}`, async () => {
    const { charge, funds } = await makeSale('tok_refund_pending');
    const { processor_key } = charge;
    await refundCharge(ctx, broker, charge, [{ num: 0, refunded_amount: 500 }]);
    await decideCharge(processor_key, 'disputed');
    assert.equal(await deliverEvent(processor_key, { type: 'charge.disputed' }), 'taken');
    assert.equal(await stateOf(processor_key), 'disputed');

    await inTransaction(ctx.db, (tx) => decideTestRefund(tx, processor_key, end));
    ctx.clock.set(new Date(ctx.clock.now().getTime() + 10 * 60_000));
    await finishRefunds(ctx);
    assert.deepEqual([await stateOf(processor_key), await funds()], ['disputed', funds_after]);
  });
}

test('a retry of a pending refund that has succeeded also books a dispute that opened meanwhile', async () => {
  const { charge, funds } = await makeSale('tok_refund_pending');
  const { processor_key } = charge;
  const refund = () => refundCharge(ctx, broker, charge, [{ num: 0, refunded_amount: 500 }], key);
  const key = randomKey40();
  await refund();
  await decideCharge(processor_key, 'disputed');
  await inTransaction(ctx.db, (tx) => decideTestRefund(tx, processor_key, 'succeeded'));
  assert.equal(await refund(), `$5.00 refunded successfully on charge ${processor_key}.`);
  assert.deepEqual([await stateOf(processor_key), await funds()], ['disputed', -1500]);
});

test('an event about the end of a refund books a dispute that opened meanwhile', async () => {
  const { charge, funds } = await makeSale('tok_refund_pending');
  const { processor_key } = charge;
  await refundCharge(ctx, broker, charge, [{ num: 0, refunded_amount: 500 }]);
  await decideCharge(processor_key, 'disputed');
  await inTransaction(ctx.db, (tx) => decideTestRefund(tx, processor_key, 'succeeded'));
  assert.equal(await deliverEvent(processor_key, { type: 'charge.refunded' }), 'taken');
  assert.deepEqual([await stateOf(processor_key), await funds()], ['disputed', -1500]);
});

test('a forged event, an unknown type, an unknown charge and another account change nothing', async () => {
  const { charge } = await makeSale('tok_chargeAsyncFail');
  const { processor_key } = charge;
  await decideCharge(processor_key, 'done');
  assert.equal(await deliverEvent(processor_key, { signed_with: 'whsec_forged' }), 'refused');
  assert.equal(await deliverEvent(processor_key, { type: 'balance.available' }), 'unconcerned');
  assert.equal(await deliverEvent(processor_key, { account: 'acct_other' }), 'ignored');
  assert.equal(await deliverEvent('ch_unknown'), 'ignored');
  assert.equal(await stateOf(processor_key), 'created');
});
