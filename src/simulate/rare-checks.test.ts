import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Context } from '#platform/context';
import type { AnyJob } from '#platform/jobs/jobs';
import { withRareChecks } from './rare-checks.ts';

test('jobs that check the whole site run on the first day of a month, and the others always', async () => {
  const runs: string[] = [];
  const jobs = ['verify_ledger', 'renew_subscriptions'].map((name): AnyJob => ({
    name,
    schedule: '0 4 * * *',
    catch_up: 'last',
    async run(_ctx, _payload, at) {
      runs.push(`${name} ${at.toISOString().slice(0, 10)}`);
    },
  }));
  for (const job of withRareChecks(jobs))
    for (const day of ['2026-01-01', '2026-01-02'])
      await job.run({} as Context, {} as never, new Date(`${day}T04:00:00Z`));
  assert.deepEqual(runs, [
    'verify_ledger 2026-01-01',
    'renew_subscriptions 2026-01-01',
    'renew_subscriptions 2026-01-02',
  ]);
});
