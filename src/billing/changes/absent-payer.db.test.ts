import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Processors } from '#payments';
import { type Call, type ChangeSite, expectStatus, startChanges } from '../../../test/support/changes.ts';

/** For each charge, whether its request says that the payer is absent. */
const absences: boolean[] = [];

let site: ChangeSite;
before(async () => {
  site = await startChanges({ wrapProcessors: watchCharges });
  await site.plan('basic', { period_amount: 9000 });
  await site.plan('pro', { period_amount: 24_900 });
  await site.plan('top', { period_amount: 49_900 });
  await site.buy(site.xia, 'xia', 'basic');
  await expectStatus(site.xia('PUT', '/api/billing/xia/provider-charges', { allow_provider_charges: true }), 200);
});
after(() => site.close());

function watchCharges(processors: Processors): Processors {
  const charge: Processors['chosen']['charge'] = (request) => {
    absences.push(request.off_session);
    return processors.chosen.charge(request);
  };
  const chosen = { ...processors.chosen, charge };
  return { ...processors, chosen, getByName: () => chosen };
}

async function changeNow(call: Call, from: string, to: string): Promise<void> {
  const url = `/api/profile/xia/subscriptions/${from}/change`;
  const shown = await expectStatus(call('GET', `${url}?to=${to}&at=now`), 200);
  const { preview_key } = shown.json<{ preview_key: string }>();
  await expectStatus(call('POST', url, { to, at: 'now', preview_key }), 200);
}

test('a change by a provider charges the card of an absent payer, who can confirm nothing at the bank', async () => {
  absences.length = 0;
  site.moveTo('2026-01-20T10:00:00Z');
  await changeNow(site.broker, 'basic', 'pro');
  await changeNow(site.xia, 'pro', 'top');
  assert.deepEqual(absences, [true, false]);
});
