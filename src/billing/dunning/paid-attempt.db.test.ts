import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { inTransaction } from '#platform/db/database';
import { lockProfile } from '#profiles';
import { type ChangeSite, startChanges } from '../../../test/support/changes.ts';
import { attemptsOf, casesOf, RENEW, setCardOutcome, token_lifetime_s } from '../../../test/support/dunning.ts';
import { chargeDue } from './charge-due.ts';
import { insertAttempt } from './dunning-store.ts';
import { noteOutcomes } from './note-outcomes.ts';
import { closePaidCases, reviewPlace } from './review-case.ts';

let site: ChangeSite;
beforeEach(async () => {
  site = await startChanges({ config: { token_lifetime_s } });
  await site.plan('basic');
  await site.buy(site.xia, 'xia', 'basic');
  await setCardOutcome(site, 'insufficient_funds');
  await site.runAt('2026-02-09T10:00:00Z', RENEW);
  await setCardOutcome(site, 'accepted');
  site.moveTo('2026-02-11T15:00:00Z');
});
afterEach(() => site.close());

// Two jobs of a new card, or a job and the hourly run: one charges, and the other one closes the case before the first
// has noted its charge.
for (const [title, close] of [
  ['a review', reviewPlace],
  ['a payment', (ctx, { profile_id }) => closePaidCases(ctx, profile_id)],
] satisfies [string, typeof reviewPlace][])
  test(`a case that ${title} of another process closes has the charge that paid it`, async () => {
    const ctx = { ...site.ctx, dunning: site.app.config };
    const at = site.app.clock.now();
    const [open] = await casesOf(site);
    assert(open);
    const { profile_id, provider_id, unit } = open;
    const place = { profile_id, provider_id, unit };
    assert.equal((await chargeDue(ctx, place, { trigger: 'card', at })).result, 'charged');
    await close(ctx, place, at);
    assert.equal((await casesOf(site))[0]?.state, 'recovered');
    const expected = ['renewal soft 02-09T10:00', 'card paid 02-11T15:00'];
    assert.deepEqual(await attemptsOf(site), expected);
    await site.runAt('2026-02-11T16:00:00Z', RENEW);
    assert.deepEqual(await attemptsOf(site), expected);
  });

test('the run that notes charges numbers an attempt after one that another process is adding', async () => {
  const ctx = { ...site.ctx, dunning: site.app.config };
  const at = site.app.clock.now();
  const [open] = await casesOf(site);
  assert(open);
  const { id: dunning_case_id, profile_id, provider_id, unit } = open;
  await chargeDue(ctx, { profile_id, provider_id, unit }, { trigger: 'card', at });
  const inOtherProcess = AsyncLocalStorage.snapshot();
  const runs: Promise<void>[] = [];
  await inTransaction(site.app.db, async (tx) => {
    await lockProfile(tx, profile_id);
    await insertAttempt(tx, {
      dunning_case_id,
      trigger: 'manual',
      charge_attempt_id: null,
      amount: 9000,
      kind: 'card',
      code: 'payment_method_absent',
      is_counted: false,
      created_at: at,
    });
    runs.push(inOtherProcess(() => noteOutcomes(ctx)));
    // The run comes as far as the row allows.
    await sleep(300);
  });
  await Promise.all(runs);
  assert.deepEqual(await attemptsOf(site), [
    'renewal soft 02-09T10:00',
    'manual card 02-11T15:00',
    'card paid 02-11T15:00',
  ]);
});
