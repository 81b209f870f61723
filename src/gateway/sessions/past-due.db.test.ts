import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { type ChangeSite, expectStatus, startChanges } from '../../../test/support/changes.ts';
import { casesOf, RENEW, setCardOutcome, token_lifetime_s } from '../../../test/support/dunning.ts';
import { paths } from '#platform/http/paths';

let site: ChangeSite;
beforeEach(async () => {
  site = await startChanges({ config: { token_lifetime_s, dunning_end: 'suspend' } });
  await site.plan('basic');
  await site.buy(site.xia, 'xia', 'basic');
});
afterEach(() => site.close());

/** Returns the subscriptions of the session of xia as the application reads them, from facts in memory. */
async function subscriptions(): Promise<{ plan: string; past_due?: boolean }[]> {
  const reply = await expectStatus(site.xia('GET', paths.apiSessionProfiles()), 200);
  const { results } = reply.json<{
    results: { slug: string; subscriptions: { plan: string; past_due?: boolean }[] }[];
  }>();
  return results.find(({ slug }) => slug === 'xia')?.subscriptions ?? [];
}
const flags = async () => (await subscriptions()).map(({ plan, past_due }) => [plan, past_due]);

test('a session has past_due from the failed renewal until the payment, and never without one', async () => {
  assert.deepEqual(await flags(), [['basic', undefined]]);
  await setCardOutcome(site, 'insufficient_funds');
  await site.runAt('2026-02-09T10:00:00Z', RENEW);
  assert.deepEqual(await flags(), [['basic', true]]);
  await setCardOutcome(site, 'accepted');
  await site.runAt('2026-02-10T10:00:00Z', RENEW);
  assert.deepEqual(
    (await casesOf(site)).map(({ state }) => state),
    ['recovered'],
  );
  assert.deepEqual(await flags(), [['basic', undefined]]);
});

test('a suspended subscription is not past due: its access has ended', async () => {
  await setCardOutcome(site, 'lost_card');
  await site.runAt('2026-02-09T10:00:00Z', RENEW);
  assert.deepEqual(await flags(), [['basic', true]]);
  await site.runAt('2026-02-16T10:00:00Z', RENEW);
  assert.deepEqual(await flags(), [['basic', undefined]]);
});
