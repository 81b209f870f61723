import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { sql } from 'kysely';
import { chargeStep } from '#kernel/money';
import { Problem } from '#kernel/problem';
import { accounts, findBalance, postEvent, verifyLedger } from '#ledger';
import { randomKey40 } from '#platform/security/crypto';
import type { ProfileId } from '#platform/db/db-schema';
import { inTransaction } from '#platform/db/database';
import { getProcessor } from '#profiles';
import { testContext, type TestContext } from '../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import { next } from '../../test/support/factories.ts';
import { makeParty, makeSubject, orderEntry } from '../../test/support/factories/ledger.ts';
import { bookDispute, revertDispute } from './disputes/book-dispute.ts';
import type { Charge } from './records/charge.ts';
import { findChargeItems, updateChargeState } from './records/charge-store.ts';
import type { AcceptedOutcome, Funds } from './processors/processor.ts';
import { recordCharge } from './charges/record-charge.ts';
import { sumRefundsByItem } from './records/refund-store.ts';
import { reserveAttempt } from './charges/reserve-attempt.ts';
import { reserveRefund } from './refunds/reserve-refund.ts';
import { settleRefund } from './refunds/settle-refund.ts';

let database: TestDatabase;
let ctx: TestContext;
let processor_id: ProfileId;
before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db);
  processor_id = (await getProcessor(ctx.db)).id;
});
after(() => database.close());

/** A currency of each class, and the unit of the funds: two, no and three decimals, króna, and conversions. */
const units = [
  ['usd', 'usd'],
  ['jpy', 'jpy'],
  ['kwd', 'kwd'],
  ['isk', 'isk'],
  ['cad', 'usd'],
  ['usd', 'jpy'],
  ['jpy', 'kwd'],
] as const;

interface DrawnLine {
  hundreds: number;
  cents: number;
  broker_fee_percent: number;
  seller: number;
}

const line = fc.record({
  hundreds: fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 51, max: 3000 }) }, fc.constant(0)),
  cents: fc.integer({ min: 0, max: 99 }),
  broker_fee_percent: fc.constantFrom(0, 500, 1000, 3333, 10_000),
  seller: fc.integer({ min: 0, max: 2 }),
});
const act = fc.record({
  kind: fc.constantFrom('refund', 'refund', 'refund', 'refund_rest', 'refused', 'dispute', 'won', 'lost'),
  line: fc.integer({ min: 0, max: 3 }),
  share: fc.integer({ min: 1, max: 100 }),
});
const course = fc.record({
  unit: fc.constantFrom(...units),
  lines: fc.array(line, { minLength: 1, maxLength: 4 }).filter((lines) => lines.some(({ hundreds }) => hundreds > 0)),
  fee_bps: fc.integer({ min: 0, max: 4000 }),
  rate_percent: fc.integer({ min: 60, max: 130 }),
  returns_fee: fc.boolean(),
  dispute_fee: fc.integer({ min: 0, max: 20 }),
  acts: fc.array(act, { maxLength: 7 }),
});
type Course = typeof course extends fc.Arbitrary<infer T> ? T : never;

interface Sale {
  charge: Charge;
  sellers: ProfileId[];
  funds: Funds;
}

async function sellLines({ unit: [unit, funds_unit], lines, fee_bps, rate_percent }: Course): Promise<Sale> {
  const payer = await makeParty(ctx.db);
  const sellers = [await makeParty(ctx.db), await makeParty(ctx.db), ctx.site.broker_id];
  const amountOf = ({ hundreds, cents }: DrawnLine) =>
    hundreds * 100 + (hundreds === 0 || chargeStep(unit) === 100 ? 0 : cents);
  const sellerOf = ({ seller }: DrawnLine) => sellers[seller] ?? ctx.site.broker_id;
  const amount = lines.reduce((sum, each) => sum + amountOf(each), 0);
  const converted = unit === funds_unit ? amount : Math.floor((amount * rate_percent) / 100);
  const whole = converted - (converted % chargeStep(funds_unit));
  const fee = Math.floor((whole * fee_bps) / 10_000 / chargeStep(funds_unit)) * chargeStep(funds_unit);
  const funds = { net: whole - fee, fee, unit: funds_unit };
  const at = ctx.clock.now();
  const charge = await inTransaction(ctx.db, async (tx) => {
    const orders = await postEvent(tx, {
      key: next('order:drawn'),
      kind: 'order',
      at,
      entries: lines.map((each) =>
        orderEntry({ provider: sellerOf(each), payer, amount: amountOf(each), unit, subject: makeSubject() }),
      ),
    });
    const attempt = await reserveAttempt(tx, {
      processors: ctx.processors,
      profile_id: payer,
      created_by: null,
      amount,
      unit,
      lines: [],
      description: 'Cowork',
      token: 'tok_visa',
      remember_card: false,
      at,
    });
    const outcome: AcceptedOutcome = {
      outcome: 'succeeded',
      processor_key: `ch_${randomKey40()}`,
      evidence: { state: 'done', funds },
      card: { brand: 'visa', last4: '4242', exp_date: '2030-01-01', card_name: 'Joe Test', fingerprint: null },
      saved: null,
    };
    const items = orders.map((order, index) => ({
      entry_id: order.id,
      provider_id: order.orig_profile_id,
      amount: order.dest_amount,
      broker_fee_percent: lines[index]?.broker_fee_percent ?? 0,
    }));
    return recordCharge(tx, attempt, outcome, items, at);
  });
  return { charge, sellers, funds };
}

async function allSums(): Promise<unknown[]> {
  const { rows } = await sql`
    select unit, sum(amount) from (
      select dest_unit as unit, dest_amount as amount from ledger_entries
      union all select orig_unit, -orig_amount from ledger_entries) postings
    group by unit having sum(amount) <> 0`.execute(ctx.db);
  return rows;
}

const fundsOf = async (profile: ProfileId, unit: string) =>
  (await findBalance(ctx.db, profile, accounts.funds)).find((each) => each.unit === unit)?.amount ?? 0;

/** Key of the last dispute of each charge. */
const dispute_keys = new Map<number, string>();

/** Performs one act if the state of the charge allows it; returns the new state. */
async function performAct(
  { charge }: Sale,
  state: Charge['state'],
  { kind, line: index, share }: Course['acts'][number],
  { returns_fee, dispute_fee }: Course,
): Promise<Charge['state']> {
  const at = ctx.clock.now();
  if (kind === 'dispute' || kind === 'won' || kind === 'lost') {
    const [from, to] =
      kind === 'dispute'
        ? (['done', 'disputed'] as const)
        : ['disputed' as const, kind === 'won' ? ('done' as const) : ('failed' as const)];
    if (state !== from) return state;
    const fee_amount = dispute_fee * 100;
    // A charge can be disputed again after a win: the processor names each dispute.
    if (kind === 'dispute') dispute_keys.set(charge.id, next('du'));
    const key = dispute_keys.get(charge.id) ?? assert.fail('a dispute begins before it ends');
    const dispute = { key, amount: charge.amount, fee_amount, returns_fee };
    await inTransaction(ctx.db, async (tx) => {
      const moved = await updateChargeState(tx, charge.id, { from, to, at });
      assert(moved);
      if (kind === 'dispute') await bookDispute(tx, moved, dispute, at);
      if (kind === 'won') await revertDispute(tx, moved, { ...dispute, returned_fee_amount: fee_amount }, at);
    });
    return to;
  }
  const items = await findChargeItems(ctx.db, charge.id);
  const num = index % items.length;
  const step = chargeStep(charge.unit);
  const wanted = Math.max(step, Math.floor(((items[num]?.amount ?? 0) * share) / 100 / step) * step);
  const options = { terms: { returns_fee, may_overdraw: true }, created_by: null, at };
  try {
    const refund = await inTransaction(ctx.db, (tx) =>
      reserveRefund(tx, charge.id, [kind === 'refund_rest' ? { num } : { num, refunded_amount: wanted }], options),
    );
    const outcome =
      kind === 'refused' ? { outcome: 'refused' as const, detail: 'No.' } : { outcome: 'refunded' as const };
    await inTransaction(ctx.db, (tx) => settleRefund(tx, ctx.processors, refund, outcome, at));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    assert(['refund_exceeds_line', 'charge_not_refundable'].includes(error.code), error.code);
  }
  return state;
}

test('for any lines, refunds and disputes in each class of currency the sums balance and no line is over-refunded', async () => {
  let refunds = 0;
  await fc.assert(
    fc.asyncProperty(course, async (drawn) => {
      const [, funds_unit] = drawn.unit;
      const held_before = await fundsOf(processor_id, funds_unit);
      const broker_before = await fundsOf(ctx.site.broker_id, funds_unit);
      const sale = await sellLines(drawn);
      const shared = [sale.sellers[0], sale.sellers[1]].filter((each) => each !== undefined);
      const received = async () => {
        const parts = await Promise.all(shared.map((each) => fundsOf(each, funds_unit)));
        const broker = (await fundsOf(ctx.site.broker_id, funds_unit)) - broker_before;
        return parts.reduce((sum, part) => sum + part, broker);
      };
      // Fees add up: providers and broker received exactly the funds.
      assert.equal(await received(), sale.funds.net);
      if (drawn.unit[0] === funds_unit) {
        assert.equal((await fundsOf(processor_id, funds_unit)) - held_before, sale.funds.fee);
      }

      let state: Charge['state'] = 'done';
      for (const each of drawn.acts) {
        state = await performAct(sale, state, each, drawn);
        const items = await findChargeItems(ctx.db, sale.charge.id);
        const refunded = await sumRefundsByItem(ctx.db, sale.charge.id);
        for (const item of items)
          assert((refunded.get(item.id)?.amount ?? 0) <= item.amount, 'a line is over-refunded');
        refunds += refunded.size;
      }
      if (state === 'done') {
        // A refund of the rest restores every balance, except for fees that the processor keeps.
        const items = await findChargeItems(ctx.db, sale.charge.id);
        for (const num of items.keys()) {
          state = await performAct(sale, state, { kind: 'refund_rest', line: num, share: 100 }, drawn);
        }
        const back = await sumRefundsByItem(ctx.db, sale.charge.id);
        assert.equal(
          [...back.values()].reduce((sum, { amount }) => sum + amount, 0),
          sale.charge.amount,
        );
        assert.equal(await received(), 0 - (drawn.returns_fee ? 0 : sale.funds.fee));
      }
      assert.deepEqual(await allSums(), []);
    }),
    { numRuns: 30 },
  );
  assert(refunds > 10, 'some refunds are made');
  assert.deepEqual((await verifyLedger(ctx.db)).violations, []);
});
