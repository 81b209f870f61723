import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { makeParty } from '../../../test/support/factories/ledger.ts';
import { next } from '../../../test/support/factories.ts';
import { runJob } from '../../../test/support/run-job.ts';
import { startApp } from '../../../test/support/start-app.ts';
import { startStripeSite, type StripeSite } from '../../../test/support/stripe-site.ts';
import { makeCharge } from '../../../test/support/factories/payments.ts';
import { findCharge } from '../records/charge-store.ts';

const MINUTE_MS = 60_000;

let site: StripeSite;
before(async () => {
  site = await startStripeSite();
});
after(() => site.close());

/** Stores `count` messages that name these objects in turn. */
async function storeMessages(objects: readonly string[], count: number, kinds = ['charge']): Promise<void> {
  await sql`
    insert into processor_events (event_key, processor, kind, object_key, received_at, next_at)
    select 'evt_' || ${next('w')} || number, 'stripe', (${kinds}::text[])[1 + number % ${kinds.length}],
      (${[...objects]}::text[])[1 + number % ${objects.length}], ${site.app.clock.now()}, ${site.app.clock.now()}
    from generate_series(0, ${count - 1}::int) as number`.execute(site.app.db);
}
const handle = () => runJob(site.app.tollgate, 'handle_processor_events');
const statesOf = async (objects: readonly string[]) => {
  const { rows } = await sql<{ text: string }>`
    select state || ' ' || failures_count || ' × ' || count(*) as text from processor_events
    where object_key = any(${[...objects]}) group by state, failures_count order by 1`.execute(site.app.db);
  return rows.map(({ text }) => text);
};
/** Requests for an object since the last call. */
function makeFetchCounter() {
  let seen = site.emulator.control.requests().length;
  return (object: string) => {
    const requests = site.emulator.control.requests().slice(seen);
    return {
      of: requests.filter(({ method, path }) => method === 'GET' && path.startsWith(`/v1/charges/${object}`)).length,
      next: () => void (seen = site.emulator.control.requests().length),
    };
  };
}

test('S69: however many messages wait, each object is retrieved once', async () => {
  const provider = await makeParty(site.app.db, next('club'));
  const charges: string[] = [];
  for (let index = 0; index < 20; index += 1) charges.push((await site.makeSale(provider)).processor_key);
  await storeMessages(charges, 5000);
  const fetches = makeFetchCounter();
  await handle();
  for (const key of charges) assert.equal(fetches(key).of, 1, key);
  assert.deepEqual(await statesOf(charges), ['done 0 × 5000']);
});

test('the messages of an object that cannot be retrieved fail together, and those that fail seven times are parked', async () => {
  const provider = await makeParty(site.app.db, next('club'));
  const { processor_key: bad } = await site.makeSale(provider);
  const { processor_key: good } = await site.makeSale(provider);
  await storeMessages([bad], 300);
  await storeMessages([good], 10);
  site.emulator.control.addFault({ name: '200_html', match: { path: `/v1/charges/${bad}` } });
  const fetches = makeFetchCounter();
  await handle();
  assert.equal(fetches(bad).of, 1, 'one call for all of them');
  assert.deepEqual([await statesOf([bad]), await statesOf([good])], [['new 1 × 300'], ['done 0 × 10']]);
  // A later message of the object has its own seven attempts.
  site.advance(MINUTE_MS);
  await storeMessages([bad], 1);
  for (let attempt = 0; attempt < 7; attempt += 1) {
    await handle();
    site.advance(13 * 60 * MINUTE_MS);
  }
  assert.deepEqual(await statesOf([bad]), ['new 7 × 1', 'parked 7 × 300']);
  site.emulator.control.clearFaults();
  await handle();
  assert.deepEqual(await statesOf([bad]), ['done 7 × 1', 'parked 7 × 300']);
});

test('a message that arrives while its object is retrieved is handled by a call of its own', async () => {
  const provider = await makeParty(site.app.db, next('club'));
  const { processor_key } = await site.makeSale(provider);
  await storeMessages([processor_key], 3, ['charge', 'dispute']);
  await storeMessages([processor_key], 2, ['refund']);
  const { chosen } = site.ctx.processors;
  const { retrieve } = chosen;
  let calls_count = 0;
  chosen.retrieve = async (ref) => {
    calls_count += 1;
    if (calls_count === 1) await storeMessages([processor_key], 1);
    return retrieve.call(chosen, ref);
  };
  try {
    await handle();
  } finally {
    chosen.retrieve = retrieve;
  }
  assert.deepEqual(await statesOf([processor_key]), ['done 0 × 6']);
  assert(calls_count >= 2, 'the one that arrived late is not closed by the first call');
});

test('S70: after an hour without messages the sweep completes the books, also when a list shows the newest late', async () => {
  const provider = await makeParty(site.app.db, next('club'));
  await site.learn();
  const sale = await site.makeSale(provider);
  const funds = await site.fundsOf(provider);
  site.advance(20 * MINUTE_MS);
  await site.act(`charges/${sale.processor_key}/dispute`, {});
  site.advance(40 * MINUTE_MS);
  const refunded = await site.makeSale(provider);
  await site.client.refunds.create({ charge: refunded.processor_key, amount: 1000 });

  site.emulator.control.addFault({ name: 'late_list', values: { s: '300' }, match: { path: '/v1/events' } });
  await site.learn();
  assert.equal((await findCharge(site.app.db, sale.processor_key))?.state, 'disputed');
  const with_refund = await site.fundsOf(provider);
  site.advance(10 * MINUTE_MS);
  await site.learn();
  site.emulator.control.clearFaults();
  assert(with_refund > (await site.fundsOf(provider)), 'the refund was shown late and is booked now');
  assert((await site.fundsOf(provider)) < funds);
  await site.assertSound();
});

test('S72: after the clock of the site moved a year ahead, messages are signed and verified by it', async () => {
  const app = await startApp({ processor: 'stripe' });
  try {
    const ctx = {
      ...(await app.tollgate.makeContext('test')),
      actor: { kind: 'anonymous', visitor_hash: null },
    } as const;
    const payer = await makeParty(app.db);
    const provider = await makeParty(app.db, next('club'));
    const { charge } = await makeCharge(ctx, { payer, provider, amounts: [2000], token: 'pm_card_visa' });
    app.clock.set(new Date(app.clock.now().getTime() + 365 * 24 * 60 * MINUTE_MS));
    await app.world?.decideCharge(charge.processor_key, 'disputed');
    await app.world?.deliver();
    const messages = await app.db.selectFrom('processor_events').select('kind').execute();
    assert(
      messages.some(({ kind }) => kind === 'dispute'),
      JSON.stringify(messages),
    );
    await runJob(app.tollgate, 'handle_processor_events');
    assert.equal((await findCharge(app.db, charge.processor_key))?.state, 'disputed');
  } finally {
    await app.close();
  }
});
