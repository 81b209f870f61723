import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { verifyLedger } from '#ledger';
import { inTransaction } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import { testContext, type TestContext } from '../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import { makeParty } from '../../test/support/factories/ledger.ts';
import { makeCharge } from '../../test/support/factories/payments.ts';
import { settlePendingCharges } from './charges/settle-pending-charges.ts';
import type { Processor } from './processors/processor.ts';
import { decideTestCharge } from './processors/test/test-processor-store.ts';
import type { Charge } from './records/charge.ts';
import { finishRefunds } from './refunds/finish-refunds.ts';
import { reserveRefund } from './refunds/reserve-refund.ts';

const COUNT = 130;

let database: TestDatabase;
let ctx: TestContext;
let provider: ProfileId;
before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db);
  provider = await makeParty(database.db);
});
after(() => database.close());

async function makeCharges(token: string): Promise<Charge[]> {
  const payer = await makeParty(database.db);
  const charges: Charge[] = [];
  for (let made = 0; made < COUNT; made += 1) {
    charges.push((await makeCharge(ctx, { payer, provider, token, amounts: [2000] })).charge);
  }
  return charges;
}

/** The context with a processor that never responds about the charges with these keys. */
function failingFor(keys: ReadonlySet<string>): TestContext {
  const { chosen } = ctx.processors;
  const refuse = ({ processor_key }: { processor_key: string }) => {
    if (keys.has(processor_key)) throw new Error('no connection');
  };
  const processor: Processor = {
    ...chosen,
    async retrieve(charge) {
      refuse(charge);
      return chosen.retrieve(charge);
    },
    async findRefund(refund) {
      refuse(refund);
      return chosen.findRefund(refund);
    },
  };
  return { ...ctx, processors: { ...ctx.processors, chosen: processor, getByName: () => processor } };
}

/** Every seventh charge, the first of all included. */
const failingKeys = (charges: readonly Charge[]) =>
  new Set(charges.filter((_, index) => index % 7 === 0).map(({ processor_key }) => processor_key));

test('of 130 undecided charges those that fail for ever do not keep the others from being settled', async () => {
  const charges = await makeCharges('tok_chargeAsyncFail');
  for (const { processor_key } of charges) {
    await inTransaction(ctx.db, (tx) => decideTestCharge(tx, processor_key, 'done'));
  }
  const failing = failingKeys(charges);
  await settlePendingCharges(failingFor(failing));
  const left = await ctx.db.selectFrom('charges').select('processor_key').where('state', '=', 'created').execute();
  assert.deepEqual(left.map(({ processor_key }) => processor_key).toSorted(), [...failing].toSorted());

  await settlePendingCharges(ctx);
  const { count } = await ctx.db
    .selectFrom('charges')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('state', '=', 'done')
    .executeTakeFirstOrThrow();
  assert.equal(Number(count), COUNT);
});

test('of 130 open refunds those that fail for ever do not keep the others from being finished', async () => {
  const charges = await makeCharges('tok_visa');
  for (const { id, processor_key } of charges) {
    const refund = await inTransaction(ctx.db, (tx) =>
      reserveRefund(tx, id, [{ num: 0, refunded_amount: 500 }], {
        terms: ctx.processors.chosen,
        created_by: null,
        at: ctx.clock.now(),
      }),
    );
    await ctx.processors.chosen.refund({ key: refund.key, processor_key, account: '', amount: 500, unit: 'usd' });
  }
  const failing = failingKeys(charges);
  ctx.clock.set(new Date(ctx.clock.now().getTime() + 10 * 60_000));
  await finishRefunds(failingFor(failing));
  const open = () =>
    ctx.db
      .selectFrom('refunds')
      .innerJoin('charges', 'charges.id', 'refunds.charge_id')
      .select('charges.processor_key')
      .where('refunds.state', '=', 'reserved')
      .execute();
  assert.deepEqual((await open()).map(({ processor_key }) => processor_key).toSorted(), [...failing].toSorted());

  await finishRefunds(ctx);
  assert.deepEqual(await open(), []);
  assert.deepEqual((await verifyLedger(ctx.db)).violations, []);
});
