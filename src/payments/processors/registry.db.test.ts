import { creditReturn } from '#billing';
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Problem } from '#kernel/problem';
import { inTransaction } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { makeParty } from '../../../test/support/factories/ledger.ts';
import { reserveAttempt } from '../charges/reserve-attempt.ts';
import { putCardOnFile } from '../cards/put-card-on-file.ts';
import type { Processor } from './processor.ts';
import { makeProcessors, processorNames, type Processors } from './registry.ts';

let database: TestDatabase;
let ctx: TestContext;
before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db);
});
after(() => database.close());

/** The processors of a site that chose a new one, and whose older rows name the test processor. */
function chosenBeside(chosen: Partial<Processor>): Processors {
  const { chosen: older } = ctx.processors;
  const newer: Processor = { ...older, name: 'newer', ...chosen };
  return { ...ctx.processors, chosen: newer, getByName: (name) => (name === newer.name ? newer : older) };
}
const makeNewAttempt = (
  processors: Processors,
  more: { token: string | null; unit?: string; profile_id: ProfileId },
) => ({
  processors,
  created_by: null,
  amount: 2000,
  unit: 'usd',
  lines: [],
  description: 'Cowork',
  remember_card: false,
  at: ctx.clock.now(),
  ...more,
});

test('an unknown processor is refused with a list of the known names, one without keys by its name', () => {
  const build = () => makeProcessors('paypall', { db: database.db, clock: ctx.clock, credit: creditReturn });
  assert.throws(build, { message: `no payment processor is called paypall; known: ${processorNames.join(', ')}` });
  assert.throws(() => ctx.processors.getByName(''), { message: /known: / });
  assert.throws(() => ctx.processors.getByName('stripe'), { message: /stripe has no keys in the settings/ });
});

test('a token is charged by the chosen processor, a card on file by the processor that keeps it', async () => {
  const profile_id = await makeParty(database.db);
  const processors = chosenBeside({});
  const card = { brand: 'visa', last4: '4242', exp_date: '2030-01-01', card_name: 'Joe Test', fingerprint: null };
  await inTransaction(database.db, (tx) =>
    putCardOnFile(
      tx,
      profile_id,
      { processor: 'test', account: '', customer_key: 'cus_1', method_key: 'pm_1', card },
      { at: ctx.clock.now(), by: null },
    ),
  );
  const [byToken, byCard] = await inTransaction(database.db, async (tx) => [
    await reserveAttempt(tx, makeNewAttempt(processors, { token: 'tok_visa', profile_id })),
    await reserveAttempt(tx, makeNewAttempt(processors, { token: null, profile_id })),
  ]);
  assert.deepEqual([byToken.processor, byToken.account], ['newer', '']);
  assert.deepEqual([byCard.processor, byCard.account], ['test', '']);
  const saved = { account: '', customer_key: 'cus_1', method_key: 'pm_1' };
  assert.deepEqual(byCard.source, { saved, provider_id: null });
});

test('a currency that the processor does not charge is refused with charge_unit_refused', async () => {
  const profile_id = await makeParty(database.db);
  const processors = chosenBeside({ units: new Set(['usd']) });
  await assert.rejects(
    inTransaction(database.db, (tx) =>
      reserveAttempt(tx, makeNewAttempt(processors, { token: 'tok_visa', unit: 'cad', profile_id })),
    ),
    (error: unknown) => error instanceof Problem && error.code === 'charge_unit_refused',
  );
});
