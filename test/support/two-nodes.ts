import type { Config } from '../../src/config.ts';
import { openDatabase } from '../../src/platform/db/database.ts';
import { openTestDatabase } from './database.ts';
import { startApp, type TestApp } from './start-app.ts';

/** The `skip` option of tests with two nodes: false, or the reason. */
export const skipWithoutServer = process.env['TEST_DATABASE_URL']
  ? false
  : 'two nodes need a PostgreSQL: TEST_DATABASE_URL is not set';

/** Starts two programs on one database and one processor, each with its own connections. */
export async function startTwoNodes(
  config: Partial<Config>,
  processor: 'test' | 'stripe' = 'test',
): Promise<{ nodes: [TestApp, TestApp]; close(): Promise<void> }> {
  const database = await openTestDatabase();
  if (database.url === null) throw new Error('two nodes need a database server');
  const first = await startApp({ config, database, processor });
  const second = await startApp({
    config: { ...first.world?.config, ...config },
    seed: false,
    database: { ...(await openDatabase({ url: database.url })), url: database.url },
  });
  second.world = first.world;
  return {
    nodes: [first, second],
    async close() {
      await second.close();
      await first.close();
    },
  };
}
