import { Client } from 'undici';
import { type Bench, withBaseline, withSite } from './bench.ts';
import { openGateway } from './gateway.ts';
import { send } from './measure.ts';
import { cookieOf, insertPeople } from './people.ts';
import { printLine } from './report.ts';
import { analyze, PEOPLE_COUNT } from './seed.ts';
import { clients } from './settings.ts';

const SESSIONS_COUNT = 10_000;
const SETTLE_MS = 3_000;
const MB = 1024 * 1024;

/** Measures the memory of an idle process, and the growth of its heap with 10,000 sessions that it has served. */
export async function benchMemory(bench: Bench): Promise<void> {
  await insertPeople(bench.database_url, { template: 'reader', from: PEOPLE_COUNT, count: SESSIONS_COUNT });
  await analyze(bench.database_url);
  await measureIdle(bench);
  await measureSessions(bench);
}

async function measureIdle(bench: Bench): Promise<void> {
  await withSite(bench, {}, async ({ child }) => {
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    printLine({
      name: 'resident memory of an idle process',
      value: child.residentBytes() / MB,
      unit: 'MB',
      detail: 'MB, serve on PostgreSQL, without a collection',
    });
  });
}

/** Each session sends a request to the API and one through the gateway. */
async function measureSessions(bench: Bench): Promise<void> {
  await withBaseline('upstream', { environment: {} }, async (upstream) => {
    await withSite(bench, { log_level: 'info', node: ['--expose-gc'] }, async (site) => {
      await openGateway(site, bench.seeded.manager, upstream.origin);
      await visit(site.origin, 0, PEOPLE_COUNT);
      const before = await site.child.ask('memory');
      await visit(site.origin, PEOPLE_COUNT, SESSIONS_COUNT);
      const after = await site.child.ask('memory');
      printLine({
        name: 'heap growth with 10,000 warm sessions',
        value: (after.heap_bytes - before.heap_bytes) / MB,
        unit: 'MB',
        goal: { max: 40 },
        detail: `MB after collection: ${(before.heap_bytes / MB).toFixed(1)} before, ${(after.heap_bytes / MB).toFixed(1)} after; resident ${(after.rss_bytes / MB).toFixed(0)}`,
      });
    });
  });
}

async function visit(origin: string, from: number, count: number): Promise<void> {
  let next = from;
  await Promise.all(
    Array.from({ length: clients }, async () => {
      const client = new Client(origin);
      while (next < from + count) {
        const person = next;
        next += 1;
        const headers = { cookie: cookieOf(person), accept: 'application/json' };
        await send(client, { method: 'GET', path: `/api/profile/person-${person}`, headers });
        await send(client, { method: 'GET', path: '/bench/page', headers });
      }
      await client.close();
    }),
  );
}
