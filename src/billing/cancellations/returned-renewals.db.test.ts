import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { verifyLedger } from '#ledger';
import { migrationsFolder } from '#platform/db/migrate';
import { type ChangeSite, expectStatus, startChanges } from '../../../test/support/changes.ts';

const urlOf = (name: string) => `/api/profile/${name}/subscriptions/hours`;

let site: ChangeSite;
before(async () => {
  site = await startChanges();
  await site.plan('hours', { period_amount: 177, period_type: 'hourly', period_length: 6, pause_days_max: 40 });
});
after(() => site.close());

async function migrateAgain(): Promise<void> {
  const file = `${migrationsFolder}0149-periods-of-returned-renewals.sql`;
  await site.app.database.executeSql(await readFile(file, 'utf8'));
}

/** Reads the beginnings of the periods that the renewals of a profile take, in their order. */
async function takenBy(name: string): Promise<(string | undefined)[]> {
  const lines = await site.app.db
    .selectFrom('order_lines')
    .innerJoin('profiles', 'profiles.id', 'beneficiary_id')
    .select('renews_from')
    .where('profiles.slug', '=', name)
    .where('covers_from', '>', new Date('2026-01-10T10:00:00Z'))
    .orderBy('order_lines.id')
    .execute();
  return lines.map(({ renews_from }) => renews_from?.toISOString().slice(8, 16));
}

const endOf = async (name: string) => (await expectStatus(site.broker('GET', urlOf(name)), 200)).json()['ends_at'];

test('renewals that were given back before their periods were released are ordered again after the migration', async () => {
  const zoe = await site.register('zoe');
  for (const [name, call] of [
    ['xia', site.xia],
    ['zoe', zoe],
  ] as const)
    await site.buy(call, name, 'hours');
  await site.runAt('2026-01-10T11:00:00Z', 'renew_subscriptions');
  const taken = ['10T16:00', '10T22:00', '11T04:00', '11T10:00'];
  const { preview_key } = (await expectStatus(site.xia('GET', `${urlOf('xia')}/cancel`), 200)).json();
  await expectStatus(site.xia('POST', `${urlOf('xia')}/cancel`, { preview_key }), 200);
  await expectStatus(site.xia('DELETE', `${urlOf('xia')}/cancel`), 200);
  // The periods that an earlier version left taken.
  await site.app.db
    .updateTable('order_lines')
    .set((eb) => ({ renews_from: eb.ref('covers_from') }))
    .where('renews_from', 'is', null)
    .where('covers_from', '>', new Date('2026-01-10T10:00:00Z'))
    .execute();
  // Periods that stand still are closed coverages, too.
  await expectStatus(zoe('POST', `${urlOf('zoe')}/pause`, { resumes_at: '2026-01-20T12:00:00Z' }), 200);
  assert.deepEqual([await takenBy('xia'), await takenBy('zoe')], [taken, taken]);
  await site.runAt('2026-01-10T12:00:00Z', 'renew_subscriptions');
  assert.equal(await endOf('xia'), '2026-01-10T16:00:00.000Z');

  await migrateAgain();
  assert.deepEqual([await takenBy('xia'), await takenBy('zoe')], [taken.map(() => undefined), taken]);
  await site.runAt('2026-01-10T13:00:00Z', 'renew_subscriptions');
  assert.equal(await endOf('xia'), '2026-01-11T16:00:00.000Z');
  // A renewal that was given back is the only one without time: those of a subscription that runs stay.
  await migrateAgain();
  assert.deepEqual(await takenBy('xia'), [...taken.map(() => undefined), ...taken]);
  assert.deepEqual((await verifyLedger(site.app.db)).violations, []);
});
