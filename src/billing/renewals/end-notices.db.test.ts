import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { payloadsOf, token_lifetime_s } from '../../../test/support/dunning.ts';
import { type ChangeSite, startChanges } from '../../../test/support/changes.ts';

const JOB = 'send_end_notices';
/** 15 days, as the setting has them, before the subscriptions end on February 10 at 10:00. */
const NOTICED_ON = '2026-01-26';

let site: ChangeSite;
before(async () => {
  site = await startChanges({ config: { token_lifetime_s, terms_required: false } });
  await site.plan('basic');
  await site.plan('pass', { period_amount: 2000, renewal_type: 'repeat' });
  await site.plan('once', { period_amount: 2000, renewal_type: 'one-time' });
  await site.plan('idle', { period_amount: 2000, renewal_type: 'repeat', pause_days_max: 60 });
  for (const name of ['ann', 'ben', 'cleo']) await site.buy(await site.register(name), name, 'basic');
  for (const plan of ['pass', 'once', 'idle']) await site.buy(site.xia, 'xia', plan);
  await setCard('ann', '2026-01-01');
  await setCard('ben', '2026-02-01'); // valid on the day of the renewal
  await site.app.db.deleteFrom('payment_methods').where('profile_id', 'in', idsOf('cleo')).execute();
  // A subscription that stands still does not end.
  await site.app.db
    .updateTable('subscriptions')
    .set({ paused_at: site.app.clock.now(), resumes_at: new Date('2026-03-01T10:00:00Z') })
    .where('plan_id', 'in', site.app.db.selectFrom('plans').select('id').where('slug', '=', 'idle'))
    .execute();
});
after(() => site.close());

const idsOf = (slug: string) => site.app.db.selectFrom('profiles').select('id').where('slug', '=', slug);

async function setCard(slug: string, exp_date: string): Promise<void> {
  await site.app.db.updateTable('payment_methods').set({ exp_date }).where('profile_id', 'in', idsOf(slug)).execute();
}

/** Returns the notices that were sent, as `event plan payer`. */
async function notices(): Promise<string[]> {
  const profiles = await site.app.db.selectFrom('profiles').select(['id', 'slug']).execute();
  const slugOf = (id: unknown) => profiles.find((each) => each.id === id)?.slug;
  const names = ['expires_soon', 'subscription_upgrade', 'card_expires_soon', 'payment_method_absent'];
  const sent = [];
  for (const name of names)
    for (const { plan, profile_id, ends_at, nb_days } of await payloadsOf(site, name)) {
      assert.deepEqual([ends_at, nb_days], ['2026-02-10T10:00:00.000Z', 15]);
      sent.push(`${name} ${(plan as { slug: string }).slug} ${slugOf(profile_id)}`);
    }
  return sent.toSorted();
}

const expected = [
  'card_expires_soon basic ann',
  'expires_soon pass xia',
  'payment_method_absent basic cleo',
  'subscription_upgrade once xia',
];

test('no notice is sent before the days of the setting', async () => {
  for (const day of ['2026-01-11', '2026-01-25']) await site.runAt(`${day}T09:00:00Z`, JOB);
  assert.deepEqual(await notices(), []);
});

test('each end and each card is announced once, also by two runs at the same time and by a repeated one', async () => {
  site.moveTo(`${NOTICED_ON}T09:00:00Z`);
  await Promise.all([site.runAt(`${NOTICED_ON}T09:00:00Z`, JOB), site.runAt(`${NOTICED_ON}T09:00:00Z`, JOB)]);
  assert.deepEqual(await notices(), expected);
  await site.runAt(`${NOTICED_ON}T09:00:00Z`, JOB);
  for (const day of ['2026-01-27', '2026-02-09', '2026-02-10', '2026-02-11']) await site.runAt(`${day}T09:00:00Z`, JOB);
  assert.deepEqual(await notices(), expected);
});
