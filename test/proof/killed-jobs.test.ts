import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { verifyLedger } from '#ledger';
import { type ChangeSite, startChanges } from '../support/changes.ts';
import { openTestDatabase } from '../support/database.ts';
import { startApp, type TestApp } from '../support/start-app.ts';
import { proveJob, startSecondNode } from './killed-job.ts';
import { jobWork } from './killed-jobs.ts';

const skip = process.env['TEST_DATABASE_URL']
  ? false
  : 'a process is killed by cutting its connections to a PostgreSQL: TEST_DATABASE_URL is not set';

let site: ChangeSite | null = null;
let second: TestApp | null = null;
before(async () => {
  if (skip !== false) return;
  const token_lifetime_s = 3 * 366 * 86_400;
  site = await startChanges({ config: { token_lifetime_s, refresh_lifetime_s: token_lifetime_s } });
  second = await startSecondNode(site);
});
after(async () => {
  await second?.close();
  await site?.close();
});

test('every job of the program has work here', async () => {
  const app = site?.app ?? (await startApp({ database: await openTestDatabase() }));
  const names = app.tollgate.worker.jobs.map(({ name }) => name).toSorted();
  assert.deepEqual([...new Set(jobWork.map(({ job }) => job))].toSorted(), names);
  if (!site) await app.close();
});

for (const [index, work] of jobWork.entries()) {
  test(
    `property 11: ${work.job} ${work.title}: killed in its work and run on two nodes, it does it once`,
    { skip },
    async (t) => {
      assert(site && second);
      const scene = { site, name: `kim-${index}`, notes: new Map<string, string>() };
      const kills = await proveJob(scene, second, work);
      t.diagnostic(`killed ${kills} times`);
    },
  );
}

test('the books are right after all kills', { skip }, async () => {
  assert(site);
  assert.deepEqual((await verifyLedger(site.app.db)).violations, []);
});
