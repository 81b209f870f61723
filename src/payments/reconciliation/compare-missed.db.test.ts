import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { next } from '../../../test/support/factories.ts';
import { makeParty } from '../../../test/support/factories/ledger.ts';
import { runJob } from '../../../test/support/run-job.ts';
import { startStripeSite, type StripeSite } from '../../../test/support/stripe-site.ts';
import { findCharge } from '../records/index.ts';
import { compareMissed } from './compare-missed.ts';

const DAY_MS = 86_400_000;

let site: StripeSite;
before(async () => {
  site = await startStripeSite();
  await site.learn();
});
afterEach(() => site.emulator.control.clearFaults());
after(() => site.close());

const sweep = () => runJob(site.app.tollgate, 'sweep_processor_events');
const cursors = () => site.app.db.selectFrom('processor_cursors').selectAll().orderBy('account').execute();
const missed = async () => (await cursors()).filter(({ missed_from_at }) => missed_from_at !== null);
const stateOf = async (key: string) => (await findCharge(site.app.db, key))?.state;
/** Lets events become too old for the list of Stripe, and the site sweep again. */
async function stopFor(days: number): Promise<void> {
  site.advance(days * DAY_MS);
  await site.emulator.control.advance(0);
}

test('after a stop of 40 days, what changed in the time that is listed no more is booked, on every account', async () => {
  const { provider, account } = await site.makeProvider();
  const [own, direct] = [
    await site.makeSale(await makeParty(site.app.db, next('club'))),
    await site.makeSale(provider),
  ];
  await site.learn();
  const swept_at = site.app.clock.now();
  site.advance(DAY_MS);
  // Nothing of this reaches the site, and after the stop no list has it.
  await site.act(`charges/${own.processor_key}/dispute`, {});
  await site.client.refunds.create({ charge: direct.processor_key, amount: 1000 }, { stripeAccount: account });
  const funds = await site.fundsOf(provider);
  await stopFor(39);
  await Promise.all([sweep(), sweep()]);
  const spans = await missed();
  assert.deepEqual(
    spans.map((each) => each.account),
    ['', account],
  );
  for (const { missed_from_at, missed_to_at } of spans) {
    assert(missed_from_at !== null && missed_from_at < swept_at);
    assert(missed_to_at !== null && missed_to_at.getTime() > site.app.clock.now().getTime() - 25 * DAY_MS);
  }
  await runJob(site.app.tollgate, 'handle_processor_events');
  assert.equal(await stateOf(own.processor_key), 'done', 'no list has the dispute');

  // A processor that cannot be asked loses nothing: the next run continues.
  site.emulator.control.addFault({ name: '500_before', match: { path: '/v1/balance_transactions' } });
  await runJob(site.app.tollgate, 'compare_missed_events');
  assert.equal((await missed()).length, 2);
  site.emulator.control.clearFaults();
  // Two nodes at once.
  await Promise.all([compareMissed(site.ctx), compareMissed(site.ctx)]);
  assert.deepEqual(await missed(), []);
  assert.equal(await stateOf(own.processor_key), 'disputed');
  assert.equal(await site.fundsOf(provider), funds - 1000);
  await site.assertSound();
});

test('a stop of less than 25 days compares nothing: the events are listed', async () => {
  const sale = await site.makeSale(await makeParty(site.app.db, next('club')));
  await site.learn();
  await site.act(`charges/${sale.processor_key}/dispute`, {});
  await stopFor(24);
  await sweep();
  assert.deepEqual(await missed(), []);
  await runJob(site.app.tollgate, 'handle_processor_events');
  assert.equal(await stateOf(sale.processor_key), 'disputed');
});

test('a second stop before the first is compared extends its span', async () => {
  await site.learn();
  const from = site.app.clock.now();
  await stopFor(30);
  await sweep();
  await stopFor(30);
  await sweep();
  const [span] = await missed();
  assert(span?.missed_from_at && span.missed_to_at);
  assert(span.missed_from_at < from && span.missed_to_at.getTime() > from.getTime() + 30 * DAY_MS);
  await compareMissed(site.ctx);
  assert.deepEqual(await missed(), []);
});
