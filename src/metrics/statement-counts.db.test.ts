import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { countStatements } from '../../bench/statement-count.ts';
import { apiClient, registerUser } from '../../test/support/client.ts';
import { registerBrokerManager } from '../../test/support/register-managers.ts';
import { startApp, type TestApp } from '../../test/support/start-app.ts';
import { foldListCounts } from '../platform/lists/row-count-store.ts';

const BUYERS_COUNT = 4;
/** Reports by period, and the lists behind their points. */
const reports = ['funds', 'balances', 'customers', 'plans', 'recurring-revenue', 'revenue-churn', 'cohorts'];
const lists = [
  'lifetimevalue',
  'balances-due',
  'entries?series=payments&unit=usd',
  'entries?series=total-sales',
  'movements',
  'subscriptions?state=active',
];

let app: TestApp;
let operator: Awaited<ReturnType<typeof registerBrokerManager>>;
before(async () => {
  app = await startApp();
  operator = await registerBrokerManager(app, 'operator');
  const plan = { title: 'Gold', description: 'Gold', is_active: true, period_type: 'monthly', period_amount: 2000 };
  for (const slug of ['gold', 'silver']) {
    const made = await operator('POST', '/api/profile/cowork/plans', { ...plan, slug, title: slug });
    assert.equal(made.status, 201, made.text);
  }
  for (let number = 0; number < BUYERS_COUNT; number += 1) {
    const name = `buyer-${number}`;
    const buyer = apiClient(app, await registerUser(app, name));
    assert.equal((await buyer('POST', '/api/cart', { plan: number % 2 ? 'gold' : 'silver', option: 1 })).status, 201);
    const paid = await buyer('POST', `/api/billing/${name}/checkout`, { processor_token: 'tok_visa' });
    assert.equal(paid.status, 201, paid.text);
  }
});
after(() => app.close());

/** The lowest number of statements of several requests: the others include statements of the background. */
async function countFor(path: string): Promise<number> {
  const counts: number[] = [];
  for (let run = 0; run < 4; run += 1) {
    const { statements } = await countStatements(async () => {
      const response = await operator('GET', path);
      assert.equal(response.status, 200, `${path}: ${response.text}`);
    });
    if (run > 0) counts.push(statements.length);
  }
  return Math.min(...counts);
}

for (const folded of [false, true]) {
  const what = folded ? 'with sums' : 'before the sums contain the rows';
  test(`a report sends the same statements for 1 and for 60 periods, ${what}`, async (t) => {
    if (!process.env['TEST_DATABASE_URL']) return t.skip('statements are counted on a server only');
    if (folded) for (let run = 0; run < 2; run += 1) await foldListCounts(app.db);
    for (const report of reports) {
      const path = `/api/metrics/cowork/${report}?period_type=weekly&nb_periods=`;
      const [few, many] = [await countFor(`${path}1`), await countFor(`${path}60`)];
      assert.equal(many, few, report);
      assert.ok(many <= 3, `${report}: ${many} statements`);
    }
  });

  test(`a list behind a report sends the same statements for 1 and for all rows, ${what}`, async (t) => {
    if (!process.env['TEST_DATABASE_URL']) return t.skip('statements are counted on a server only');
    for (const list of lists) {
      const path = `/api/metrics/cowork/${list}${list.includes('?') ? '&' : '?'}page_size=`;
      const [few, many] = [await countFor(`${path}1`), await countFor(`${path}100`)];
      assert.ok(many <= few, `${list}: ${few} statements for a row, ${many} for all`);
      assert.ok(many <= 4, `${list}: ${many} statements`);
    }
  });
}
