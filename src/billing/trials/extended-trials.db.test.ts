import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { type ChangeSite, eventsPostedBy, startChanges } from '../../../test/support/changes.ts';
import { migrationsFolder } from '../../platform/db/migrate.ts';

/** The migration compares with the clock of the database: the trials run after any day on which the test does. */
const BEGIN = new Date('2199-01-10T10:00:00Z');
let site: ChangeSite;
before(async () => {
  site = await startChanges({ now: BEGIN, config: { terms_required: false } });
  await site.plan('basic', { trial_days: 14 });
  await site.plan('pro', { trial_days: 14 });
});
after(() => site.close());

async function migrateAgain(): Promise<void> {
  await site.app.database.executeSql(await readFile(`${migrationsFolder}0134-extended-trials.sql`, 'utf8'));
}

const subscriptions = () =>
  site.app.db
    .selectFrom('subscriptions')
    .innerJoin('plans', 'plans.id', 'plan_id')
    .select(['plans.slug', 'subscriptions.ends_at', 'subscriptions.trial_ends_at', 'subscriptions.anchor_at'])
    .orderBy('subscriptions.id')
    .execute();

test('a trial that was extended before is moved; one that was paid for, and one that was not extended, are not', async () => {
  const ends_at = new Date('2199-02-20T10:00:00Z');
  await site.buy(site.xia, 'xia', 'basic');
  await site.buy(site.xia, 'xia', 'pro');
  const [, untouched] = await subscriptions();
  // What an earlier version wrote: the end alone.
  const { id } = await site.app.db
    .selectFrom('subscriptions')
    .select('subscriptions.id')
    .orderBy('id')
    .executeTakeFirstOrThrow();
  await site.app.db.updateTable('subscriptions').set({ ends_at }).where('id', '=', id).execute();
  await migrateAgain();
  assert.deepEqual(await subscriptions(), [
    { slug: 'basic', ends_at, trial_ends_at: ends_at, anchor_at: ends_at },
    untouched,
  ]);
  const posted = await eventsPostedBy(site, () => site.runAt('2199-02-20T10:00:00Z', 'convert_trials'));
  assert.match(posted[0] ?? '', /cowork:Receivable→xia:Payable 9000/);
  // Both trials were converted: their time beyond the trial is paid for.
  const converted = await subscriptions();
  await migrateAgain();
  assert.deepEqual(await subscriptions(), converted);
});
