import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { parseListQuery } from '#kernel/page';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { addBalanceLine } from './add-balance-line.ts';
import { findBalanceLine, listBalanceLines } from './balance-line-store.ts';
import { changeBalanceLine } from './change-balance-line.ts';
import { removeBalanceLine } from './remove-balance-line.ts';

let database: TestDatabase;
let ctx: TestContext;
before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db);
});
after(() => database.close());

const line = (report: string, rank: number, title = 'Sales') => ({ report, title, selector: 'Receivable', rank });

test('a report lists its own lines by rank', async () => {
  await addBalanceLine(ctx, line('taxes', 2, 'Second'));
  await addBalanceLine(ctx, line('taxes', 1, 'First'));
  await addBalanceLine(ctx, line('other', 1));
  const list = parseListQuery({}, () => null);
  const page = await listBalanceLines(ctx.db, 'taxes', list, new URL('http://cowork.test/api'));
  assert.deepEqual(
    page.results.map(({ title, rank }) => ({ title, rank })),
    [
      { title: 'First', rank: 1 },
      { title: 'Second', rank: 2 },
    ],
  );
});

test('two lines of a report cannot have the same rank', async () => {
  await addBalanceLine(ctx, line('ranks', 1));
  await addBalanceLine(ctx, line('ranks', 2));
  await assert.rejects(addBalanceLine(ctx, line('ranks', 1)), { code: 'invalid_input' });
  await assert.rejects(changeBalanceLine(ctx, 'ranks', 2, { rank: 1 }), { code: 'invalid_input' });
  assert.equal((await findBalanceLine(ctx.db, 'ranks', 2))?.title, 'Sales');
});

test('a change keeps the omitted fields', async () => {
  await addBalanceLine(ctx, line('partial', 1));
  const changed = await changeBalanceLine(ctx, 'partial', 1, { rank: 5 });
  assert.deepEqual([changed.title, changed.selector, changed.rank], ['Sales', 'Receivable', 5]);
  assert.deepEqual(await changeBalanceLine(ctx, 'partial', 5, {}), changed);
});

test('a line that does not exist cannot be changed or removed', async () => {
  await assert.rejects(changeBalanceLine(ctx, 'absent', 1, { title: 'x' }), { code: 'balance_line_unknown' });
  await assert.rejects(removeBalanceLine(ctx, 'absent', 1), { code: 'balance_line_unknown' });
});

test('the other lines keep their ranks when a line is removed', async () => {
  await addBalanceLine(ctx, line('gap', 1));
  await addBalanceLine(ctx, line('gap', 2));
  await removeBalanceLine(ctx, 'gap', 1);
  assert.equal(await findBalanceLine(ctx.db, 'gap', 1), undefined);
  assert.equal((await findBalanceLine(ctx.db, 'gap', 2))?.rank, 2);
});
