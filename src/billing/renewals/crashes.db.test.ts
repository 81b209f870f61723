import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { verifyLedger } from '#ledger';
import { type ChangeSite, dueOf, expectStatus, startChanges } from '../../../test/support/changes.ts';
import { casesOf, RENEW, runHours, setCardOutcome, token_lifetime_s } from '../../../test/support/dunning.ts';
import { runJob } from '../../../test/support/run-job.ts';

let site: ChangeSite;
beforeEach(async () => {
  site = await startChanges({ config: { token_lifetime_s } });
  await site.plan('basic');
  await site.buy(site.xia, 'xia', 'basic');
});
afterEach(async () => {
  const { violations } = await verifyLedger(site.app.db);
  await site.close();
  assert.deepEqual(violations, []);
});

/** Charges that the processor accepted, the first order included. */
async function acceptedCount(): Promise<number> {
  const rows = await site.app.db
    .selectFrom('test_processor_charges')
    .select('key')
    .where('outcome', '=', 'accepted')
    .execute();
  return rows.length;
}

async function outcomes(): Promise<(string | null)[]> {
  const rows = await site.app.db.selectFrom('renewal_charges').select('kind').orderBy('charge_attempt_id').execute();
  return rows.map(({ kind }) => kind);
}

test('a process that is killed between the charge and its settlement is made good for, without a second charge', async () => {
  await setCardOutcome(site, 'lost_answer');
  await site.runAt('2026-02-09T10:00:00Z', RENEW);
  assert.equal(await dueOf(site.xia, 'xia'), 9000);
  // A run before the outcome is known leaves the payer alone.
  await site.runAt('2026-02-09T10:00:30Z', RENEW);
  assert.equal(await acceptedCount(), 2);
  site.moveTo('2026-02-09T10:02:00Z');
  await runJob(site.app.tollgate, 'finish_orders');
  assert.equal(await dueOf(site.xia, 'xia'), 0);
  await runHours(site, '2026-02-09T11:00:00Z', '2026-02-09T12:00:00Z');
  assert.deepEqual(await outcomes(), ['paid']);
  assert.deepEqual(await casesOf(site), []);
  assert.equal(await acceptedCount(), 2);
});

test('a process that is killed before the charge is made good for by the next calls', async () => {
  await setCardOutcome(site, 'unreachable');
  await site.runAt('2026-02-09T10:00:00Z', RENEW);
  await setCardOutcome(site, 'accepted');
  site.moveTo('2026-02-09T10:05:00Z');
  await runJob(site.app.tollgate, 'finish_orders');
  await runHours(site, '2026-02-09T11:00:00Z', '2026-02-09T12:00:00Z');
  assert.deepEqual(await outcomes(), ['processor', 'paid']);
  assert.equal(await dueOf(site.xia, 'xia'), 0);
  assert.equal(await acceptedCount(), 2);
});

test('a charge that the bank refuses after the processor accepted it begins dunning at its instant, and the next attempt follows', async () => {
  await setCardOutcome(site, 'pending');
  await site.runAt('2026-02-09T10:00:00Z', RENEW);
  await site.runAt('2026-02-10T10:00:00Z', RENEW);
  assert.deepEqual(await casesOf(site), []);
  const charge = await site.app.db
    .selectFrom('charges')
    .select('processor_key')
    .where('state', '=', 'created')
    .executeTakeFirstOrThrow();
  const decided = site.broker('POST', `/_dev/processor/charges/${charge.processor_key}`, { state: 'failed' });
  await expectStatus(decided, 200);
  await setCardOutcome(site, 'lost_card');
  await site.runAt('2026-02-10T11:00:00Z', RENEW);
  const [opened] = await casesOf(site);
  assert.deepEqual([opened?.state, opened?.began_at.toISOString()], ['waiting', '2026-02-09T10:00:00.000Z']);
});

test('a parked profile is neither renewed nor charged', async () => {
  const { id } = await site.app.db
    .selectFrom('profiles')
    .select('id')
    .where('slug', '=', 'xia')
    .executeTakeFirstOrThrow();
  await site.app.db
    .insertInto('parked_profiles')
    .values({ profile_id: id, job: 'renew_subscriptions', reason: 'a test', parked_at: site.app.clock.now() })
    .execute();
  await site.runAt('2026-02-09T10:00:00Z', RENEW);
  assert.equal(await acceptedCount(), 1);
  await site.app.db.updateTable('parked_profiles').set({ released_at: site.app.clock.now() }).execute();
  await site.runAt('2026-02-09T11:00:00Z', RENEW);
  assert.equal(await acceptedCount(), 2);
});
