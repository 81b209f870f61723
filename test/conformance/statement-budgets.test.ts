import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { type Budget, budgets, exceptions } from '../../bench/budgets.ts';
import { countStatements, type StatementCount } from '../../bench/statement-count.ts';
import { countCompilations } from '../support/count-compilations.ts';
import { recordExamples, type Reply } from './api-examples/record-examples.ts';
import { scenario } from './api-examples/scenario.ts';

/** Reads of one object that still build statements. */
const building_yet = new Set(['GET /api']);

/** Requests before the counted ones: statements are prepared and facts are cached then. */
const WARM_UP_COUNT = 2;
/** The lowest count is taken: the others include statements of the background. */
const RUNS_COUNT = 3;

interface Observed {
  operation: string;
  is_list: boolean;
  least: StatementCount;
  compilations_count: number;
}

const observed: Observed[] = [];
let failures: string[] = [];

before(async () => {
  ({ failures } = await recordExamples(scenario, async (operation, send) => {
    if (operation.startsWith('GET ')) observed.push(await observe(operation, send));
  }));
});

async function observe(operation: string, send: () => Promise<Reply>): Promise<Observed> {
  let reply = await send();
  for (let run = 1; run < WARM_UP_COUNT; run += 1) reply = await send();
  const counts: StatementCount[] = [];
  const compilations: number[] = [];
  for (let run = 0; run < RUNS_COUNT; run += 1) {
    compilations.push(await countCompilations(async () => void counts.push(await countStatements(send))));
  }
  const [least] = counts.toSorted((a, b) => a.statements.length - b.statements.length);
  assert.ok(least);
  const is_list = typeof reply.body === 'object' && reply.body !== null && 'results' in reply.body;
  return { operation, is_list, least, compilations_count: Math.min(...compilations) };
}

function budgetOf({ operation, is_list }: Observed): Budget {
  return exceptions[operation] ?? (is_list ? budgets.read_list : budgets.read_object);
}

test('each read of the API stays within its budget of statements, without a transaction', () => {
  assert.deepEqual(failures, []);
  assert.ok(observed.length > 60, 'the scenario contains every operation');
  const above = observed.flatMap((each) => {
    const { operation, least } = each;
    const { statements_max, transactions_max } = budgetOf(each);
    const count = least.statements.length;
    if (count <= statements_max && least.transactions_count <= transactions_max) return [];
    return [`${operation}: ${count} statements, budget ${statements_max}\n  ${least.statements.join('\n  ')}`];
  });
  assert.deepEqual(above, []);
});

test('an exception names an operation that needs it', (t) => {
  if (!process.env['TEST_DATABASE_URL']) return t.skip('an embedded database counts attempts in memory');
  const counts = new Map(observed.map(({ operation, least }) => [operation, least.statements.length]));
  for (const [operation, { statements_max }] of Object.entries(exceptions)) {
    assert.ok(counts.has(operation), `${operation} is no operation`);
    assert.ok((counts.get(operation) ?? 0) > budgets.read_object.statements_max, `${operation} needs no exception`);
    assert.ok(statements_max > budgets.read_object.statements_max);
  }
});

test('a read of one object builds no statement on a warm server', () => {
  const building = observed.filter(
    ({ operation, is_list, compilations_count }) =>
      !is_list && !(operation in exceptions) && !building_yet.has(operation) && compilations_count > 0,
  );
  assert.deepEqual(
    building.map(({ operation, compilations_count }) => `${operation}: ${compilations_count} statements built`),
    [],
  );
});
