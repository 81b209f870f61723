import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeParty } from '../../../test/support/factories/ledger.ts';
import { makeCharge } from '../../../test/support/factories/payments.ts';
import { runJob } from '../../../test/support/run-job.ts';
import { startStripeSite, type StripeSite } from '../../../test/support/stripe-site.ts';
import { type Charge, findChargeById } from '../records/index.ts';
import { bookOpenCharge } from './settle-pending-charges.ts';

let site: StripeSite;
before(async () => {
  site = await startStripeSite();
});
after(() => site.close());

/** Makes a payment that took money, and whose balance transaction comes later. */
async function sellLate(late_s: number, token = 'pm_card_visa'): Promise<Charge> {
  const [payer, provider] = [await makeParty(site.app.db), await makeParty(site.app.db)];
  const fault = { name: 'late_balance', values: { s: String(late_s) }, match: { path: '/v1/payment_intents' } };
  site.emulator.control.addFault(fault);
  try {
    return (await makeCharge(site.ctx, { payer, provider, amounts: [2000], token })).charge;
  } finally {
    site.emulator.control.clearFaults();
  }
}
const callsFor = ({ processor_key }: Charge) =>
  site.emulator.control.requests().filter(({ path }) => path === `/v1/charges/${processor_key}`).length;
const stateOf = async ({ id }: Charge) => (await findChargeById(site.app.db, id))?.state;
async function moveBy(s: number): Promise<void> {
  site.advance(s * 1000);
  await site.emulator.control.advance(0);
  await site.app.tollgate.worker.drain();
}
async function look(charge: Charge) {
  return [await stateOf(charge), callsFor(charge)];
}

test('S29: a paid charge without its fee is asked for after 2, 10 and 60 s, and then by the job of five minutes', async () => {
  const charge = await sellLate(3600);
  const seen = [];
  for (const [step, label] of [
    [1, 'after 1 s'],
    [1, 'after 2 s'],
    [7, 'after 9 s'],
    [1, 'after 10 s'],
    [49, 'after 59 s'],
    [1, 'after 60 s'],
    [200, 'after 260 s'],
  ] as const) {
    await moveBy(step);
    seen.push(`${label}: ${callsFor(charge)}`);
  }
  assert.deepEqual(seen, [
    'after 1 s: 0',
    'after 2 s: 1',
    'after 9 s: 1',
    'after 10 s: 2',
    'after 59 s: 2',
    'after 60 s: 3',
    'after 260 s: 3',
  ]);
  assert.equal(await stateOf(charge), 'created');
  await moveBy(3600);
  await runJob(site.app.tollgate, 'settle_pending_charges');
  assert.equal(await stateOf(charge), 'done');
  await site.assertSound();
});

test('S29: the question that finds the fee books the charge, and no other one is sent', async () => {
  const charge = await sellLate(8);
  await moveBy(2);
  assert.deepEqual(await look(charge), ['created', 1]);
  await moveBy(8);
  assert.deepEqual(await look(charge), ['done', 2]);
  await moveBy(50);
  assert.deepEqual(await look(charge), ['done', 2]);
  await site.assertSound();
});

test('S29: after a message that brought the fee no question is sent', async () => {
  const charge = await sellLate(1);
  site.advance(1000);
  await site.emulator.control.advance(0);
  await site.learn();
  const calls = callsFor(charge);
  assert.equal(await stateOf(charge), 'done');
  await moveBy(60);
  assert.deepEqual(await look(charge), ['done', calls]);
});

test('a question that fails is not repeated, and the next one books the charge', async () => {
  const charge = await sellLate(1);
  const down = { name: '500_before', match: { path: `/v1/charges/${charge.processor_key}` } };
  site.emulator.control.addFault(down);
  await moveBy(2);
  site.emulator.control.clearFaults();
  const failed = callsFor(charge);
  await moveBy(4);
  assert.deepEqual(await look(charge), ['created', failed]);
  await moveBy(4);
  assert.deepEqual(await look(charge), ['done', failed + 1]);
});

test('questions of two nodes at the same instant, and a repeated one, book a charge once', async () => {
  const charge = await sellLate(1);
  site.advance(2000);
  await site.emulator.control.advance(0);
  const ask = () => bookOpenCharge(site.ctx, { charge_id: charge.id });
  await Promise.all([ask(), ask()]);
  await ask();
  assert.equal(await stateOf(charge), 'done');
  const booked = await site.app.db
    .selectFrom('ledger_events')
    .select('id')
    .where('key', '=', `charge:${charge.processor_key}`)
    .execute();
  assert.equal(booked.length, 1);
  await site.assertSound();
});

test('S30: a payment that is decided in days is not asked for within a minute', async () => {
  const charge = await sellLate(0, 'pm_usBankAccount_success');
  await moveBy(2);
  await moveBy(60);
  assert.deepEqual(await look(charge), ['created', 0]);
});
