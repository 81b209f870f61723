import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verifyLedger } from '#ledger';
import { dueOf, startChanges } from '../../../test/support/changes.ts';
import { casesOf, payloadsOf, RENEW, setCardOutcome, token_lifetime_s } from '../../../test/support/dunning.ts';
import { collectDue } from './review-case.ts';

test('S44: a payment that its payer confirmed before it was canceled is settled, and no mail asks for another', async () => {
  const site = await startChanges({ config: { token_lifetime_s } });
  await site.plan('basic');
  await site.buy(site.xia, 'xia', 'basic');
  await setCardOutcome(site, 'insufficient_funds');
  await site.runAt('2026-02-09T10:00:00Z', RENEW);
  await setCardOutcome(site, 'accepted');
  const { chosen } = site.ctx.processors;
  // The bank asks for a confirmation, and has it when the payment is canceled.
  const racing: typeof chosen = {
    ...chosen,
    async charge(request) {
      await chosen.charge(request);
      return { outcome: 'declined', kind: 'authenticate', code: 'authentication_required', detail: '' };
    },
  };
  const processors = { ...site.ctx.processors, chosen: racing, getByName: () => racing };
  const [open] = await casesOf(site);
  assert(open);
  site.moveTo('2026-02-09T12:00:00Z');
  const ctx = { ...site.ctx, processors, dunning: site.app.config };
  const outcome = await collectDue(ctx, open, { trigger: 'card', at: site.app.clock.now() });
  assert.equal(outcome.result, 'charged');
  assert.equal((await payloadsOf(site, 'payment_action_required')).length, 0);
  assert.equal((await casesOf(site))[0]?.state, 'recovered');
  assert.equal(await dueOf(site.xia, 'xia'), 0);
  assert.deepEqual((await verifyLedger(site.app.db)).violations, []);
  await site.close();
});
