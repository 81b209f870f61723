import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Budget, budgets } from '../../bench/budgets.ts';
import { countStatements, type StatementCount } from '../../bench/statement-count.ts';
import { type ChangeSite, startChanges } from '../support/changes.ts';
import { RENEW } from '../support/dunning.ts';

// What one more subscription costs a run: the statements of a run itself are in both counts.

const FEW = 1;
const MANY = 5;

let site: ChangeSite;
before(async () => {
  site = await startChanges();
  await site.plan('basic');
  let number = 0;
  for (const [at, count] of [
    ['2026-01-10T12:00:00Z', FEW],
    ['2026-01-10T13:00:00Z', FEW],
    ['2026-01-10T20:00:00Z', MANY],
  ] as const) {
    site.moveTo(at);
    for (let bought = 0; bought < count; bought += 1) {
      const name = `payer${(number += 1)}`;
      await site.buy(await site.register(name), name, 'basic');
    }
  }
  await site.app.tollgate.worker.drain();
});
after(() => site.close());

function requireBudget(few: StatementCount, many: StatementCount, { statements_max, transactions_max }: Budget): void {
  const more = MANY - FEW;
  const statements = (many.statements.length - few.statements.length) / more;
  const transactions = (many.transactions_count - few.transactions_count) / more;
  assert.ok(statements > 1, 'the runs did the work');
  assert.ok(statements <= statements_max, `${statements} statements each\n${many.statements.join('\n')}`);
  assert.ok(transactions <= transactions_max, `${transactions} transactions each`);
}

/** Runs a job at the instants at which one, one and five subscriptions are due; the first run warms up. */
async function count(job: string, [first, second, third]: readonly [string, string, string]) {
  await site.runAt(first, job);
  const few = await countStatements(() => site.runAt(second, job));
  const many = await countStatements(() => site.runAt(third, job));
  return [few, many] as const;
}

test('the renewal of a subscription stays within its budget of statements', async () => {
  const [few, many] = await count(RENEW, ['2026-02-09T12:00:00Z', '2026-02-09T13:00:00Z', '2026-02-09T20:00:00Z']);
  const renewed = await site.app.db
    .selectFrom('order_lines')
    .select('id')
    .where('renews_from', 'is not', null)
    .execute();
  assert.equal(renewed.length, 2 * FEW + MANY);
  requireBudget(few, many, budgets.renew_subscription);
});

test('the recognition of a subscription stays within its budget of statements', async () => {
  const [few, many] = await count('recognise_income', [
    '2026-02-10T12:00:00Z',
    '2026-02-10T13:00:00Z',
    '2026-02-10T20:00:00Z',
  ]);
  requireBudget(few, many, budgets.recognise_subscription);
});
