import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { type ChangeSite, startChanges } from '../../../test/support/changes.ts';
import { attemptsOf, casesOf, RENEW, setCardOutcome, token_lifetime_s } from '../../../test/support/dunning.ts';
import { chargeDue } from './charge-due.ts';
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
