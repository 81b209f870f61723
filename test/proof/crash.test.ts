import { after, before, test } from 'node:test';
import { startApp, type TestApp } from '../support/start-app.ts';
import { crashAfter, verbs } from './crash.ts';

/** Every nth point of each verb; `npm run proof` takes all. */
const STEP = Number(process.env['PROOF_CRASH_STEP'] ?? 13);
const skip = process.env['TEST_DATABASE_URL']
  ? false
  : 'a process is killed by cutting its connections to a PostgreSQL: TEST_DATABASE_URL is not set';

let app: TestApp | null = null;
before(async () => {
  if (skip === false) app = await startApp();
});
after(() => app?.close());

for (const verb of verbs) {
  test(
    `${verb.name}: a process killed between any two requests to its database leaves one result`,
    { skip },
    async (t) => {
      if (!app) throw new Error('the program was started');
      let points = 0;
      for (let count = 0; await crashAfter(app, verb, count); count += STEP) points += 1;
      t.diagnostic(`${points} points, every ${STEP}th`);
    },
  );
}
