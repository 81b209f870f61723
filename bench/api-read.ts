import { startChild } from './child.ts';
import type { BenchSite } from './bench-site.ts';
import { compare, type Comparison, send } from './measure.ts';

/**
 * Compares reading a profile by token with a route of plain Fastify that runs one prepared query on the same database.
 */
export async function benchApiRead(site: BenchSite, database_url: string): Promise<Comparison> {
  const authorization = `Bearer ${await site.register('reader')}`;
  const baseline = await startChild(['bench/baselines.ts', 'query'], { DATABASE_URL: database_url }, '/');
  try {
    return await compare(
      {
        origin: baseline.origin,
        step: (client) => send(client, { method: 'GET', path: '/profile/reader' }),
      },
      {
        origin: site.origin,
        step: (client) => send(client, { method: 'GET', path: '/api/profile/reader', headers: { authorization } }),
      },
    );
  } finally {
    await baseline.stop();
  }
}
