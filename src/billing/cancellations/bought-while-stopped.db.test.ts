import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { checkRules } from '../../simulate/check-rules.ts';
import { type ChangeSite, dueOf, expectStatus, startChanges } from '../../../test/support/changes.ts';
import { casesOf, RENEW, setCardOutcome, token_lifetime_s } from '../../../test/support/dunning.ts';

let site: ChangeSite;
afterEach(async () => {
  const broken = await checkRules(site.app.db, { is_final: false });
  await site.close();
  assert.deepEqual(broken, []);
});

const url = '/api/profile/xia/subscriptions/basic';

/** Reads the coverages that have time after an instant. */
const coveredAfter = (instant: string) =>
  site.app.db
    .selectFrom('coverages')
    .select(['starts_at', 'amount'])
    .where('ends_at', '>', new Date(instant))
    .whereRef('ends_at', '>', 'starts_at')
    .execute();

test('a cancellation during a pause gives back the period that was bought during it', async () => {
  site = await startChanges();
  await site.plan('basic', { pause_days_max: 60, cancel_refund: 'unused' });
  await site.buy(site.xia, 'xia', 'basic');
  site.moveTo('2026-01-20T10:00:00Z');
  await expectStatus(site.xia('POST', `${url}/pause`, { resumes_at: '2026-02-20T10:00:00Z' }), 200);
  site.moveTo('2026-01-21T10:00:00Z');
  await site.buy(site.xia, 'xia', 'basic');
  const { xia } = site;
  site.moveTo('2026-02-01T10:00:00Z');
  const wish = { at: 'now', refund: 'unused' };
  const shown = (await expectStatus(xia('GET', `${url}/cancel?at=now&refund=unused`), 200)).json();
  // 6097 of the period that the pause interrupted, and all of the one that was bought.
  assert.deepEqual([shown['refund_amount'], shown['credit_amount']], [15_097, 0]);
  const done = await expectStatus(xia('POST', `${url}/cancel`, { ...wish, preview_key: shown['preview_key'] }), 200);
  assert.equal(done.json()['refund_amount'], 15_097);
  assert.deepEqual(await coveredAfter('2026-02-01T10:00:00Z'), []);
});

test('the end of an unpaid subscription gives a gift of its suspended time to the subscriber as credit', async () => {
  site = await startChanges({ config: { token_lifetime_s, dunning_access: 'none' } });
  await site.plan('basic');
  await site.buy(site.xia, 'xia', 'basic');
  const zoe = await site.register('zoe');
  await setCardOutcome(site, 'lost_card');
  await site.runAt('2026-02-09T10:00:00Z', RENEW);
  site.moveTo('2026-02-11T10:00:00Z');
  await expectStatus(zoe('POST', '/api/cart', { plan: 'basic', sync_on: 'xia' }), 201);
  await expectStatus(zoe('GET', '/api/billing/zoe/checkout'), 200);
  await expectStatus(zoe('POST', '/api/billing/zoe/checkout', { processor_token: 'tok_visa' }), 200, 201);
  await site.runAt('2026-02-16T10:00:00Z', RENEW);
  assert.equal((await casesOf(site))[0]?.state, 'ended');
  assert.equal(await dueOf(site.xia, 'xia'), 0);
  assert.deepEqual(await coveredAfter('2026-02-16T10:00:00Z'), []);
  const lots = await site.app.db
    .selectFrom('credits')
    .innerJoin('profiles', 'profiles.id', 'credits.profile_id')
    .select(['profiles.slug', 'credits.balance', 'credits.is_refundable'])
    .orderBy('credits.id')
    .execute();
  // The gift, which cannot be paid out, and the last day of the month that xia paid.
  assert.deepEqual(lots, [
    { slug: 'xia', balance: 9000, is_refundable: false },
    { slug: 'xia', balance: 291, is_refundable: true },
  ]);
});
