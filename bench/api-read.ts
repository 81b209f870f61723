import { type Bench, withBaseline, withSite } from './bench.ts';
import { compare, type GetRequest, loadedByNode } from './measure.ts';
import { printComparison } from './report.ts';

const AGAINST = 'a prepared query in plain Fastify';

/**
 * Compares reading a profile by token with a route of plain Fastify that runs one prepared query on the same database;
 * once without the access log, as the goal was set, and once with it.
 */
export async function benchApiRead(bench: Bench): Promise<void> {
  const { database_url: DATABASE_URL } = bench;
  await withBaseline('query', { environment: { DATABASE_URL } }, async (baseline) => {
    for (const log_level of ['error', 'info'] as const) {
      await withSite(bench, { log_level }, async ({ child }) => {
        const result = await compare(
          loadedByNode(baseline, ofBaseline),
          loadedByNode(child, ofSite(bench.seeded.reader)),
        );
        if (log_level === 'error') printComparison('API read', AGAINST, result, { min: 0.8 });
        else printComparison('API read, access log on', AGAINST, result);
      });
    }
  });
}

export const ofBaseline: GetRequest = { path: '/profile/reader' };

export function ofSite(token: string): GetRequest {
  return { path: '/api/profile/reader', headers: { authorization: `Bearer ${token}` } };
}
