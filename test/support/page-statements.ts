import assert from 'node:assert/strict';
import { budgets } from '../../bench/budgets.ts';
import { countStatements } from '../../bench/statement-count.ts';

/** The `skip` option of a test that counts statements: false, or the reason. */
export const withoutCounts: string | false = process.env['TEST_DATABASE_URL']
  ? false
  : 'statements are counted in the driver of PostgreSQL';

/** Requests before the counted ones: statements are prepared and facts are cached then. */
const WARM_UP_COUNT = 3;
/** The lowest count is taken: the others include statements of the background. */
const RUNS_COUNT = 3;

/** Requires that each page opens, with at most as many statements on a warm server as the budget of pages allows. */
export async function requirePageBudget(
  open: (url: string) => Promise<{ status: number }> | Promise<{ statusCode: number }>,
  urls: readonly string[],
): Promise<void> {
  for (const url of urls) {
    for (let run = 0; run < WARM_UP_COUNT; run += 1) {
      const reply = await open(url);
      assert.equal('status' in reply ? reply.status : reply.statusCode, 200, url);
    }
    let least: readonly string[] | undefined;
    for (let run = 0; run < RUNS_COUNT; run += 1) {
      const { statements } = await countStatements(() => open(url));
      if (least === undefined || statements.length < least.length) least = statements;
    }
    const texts = (least ?? []).map((text) => text.slice(0, 300)).join('\n');
    assert.ok((least ?? []).length <= budgets.page.statements_max, `${url}: ${least?.length} statements\n${texts}`);
  }
}
