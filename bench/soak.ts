import { randomBytes } from 'node:crypto';
import { Client } from 'undici';
import { type BenchSite, startBenchSite } from './bench-site.ts';
import { startChild, stopAllWhenInterrupted } from './child.ts';
import { openGateway } from './gateway.ts';
import type { Memory } from './hook.ts';
import { onDatabase } from './on-database.ts';
import { makeScratchDatabase } from './scratch-database.ts';
import { analyze, seedDatabase } from './seed.ts';
import { clients, positive } from './settings.ts';
import { listTurns, mix, type SoakClient, unexpected } from './soak-mix.ts';

/**
 * Sends mixed requests to one process and samples its memory after a forced collection: `npm run bench:soak`. Prints a
 * table in Markdown and the verdict; ends with 1 if the heap grows.
 */
const REQUESTS_COUNT = positive('SOAK_REQUESTS', 200_000, 10_000_000);
const SAMPLES_COUNT = 20;
/** Growth of the heap over the last half of the run, by linear regression, that counts as flat. */
const GROWTH_MB_MAX = 4;
/** Share of unexpected responses: a busy machine ends a connection before its time. */
const UNEXPECTED_SHARE_MAX = 0.0001;
const MB = 1024 * 1024;

interface Sample extends Memory {
  requests_count: number;
  elapsed_s: number;
  connections_count: number;
}

const scratch = await makeScratchDatabase();
if ('reason' in scratch) throw new Error(scratch.reason);
const { url, drop } = scratch;
stopAllWhenInterrupted(drop);
try {
  const { manager } = await seedDatabase(url);
  const site = await startBenchSite(url, { log_level: 'info', node: ['--expose-gc'] });
  const upstream = await startChild(['bench/baselines.ts', 'upstream'], { environment: {}, probe: '/' });
  try {
    await openGateway(site, manager, upstream.origin);
    printVerdict(await soak(site, await makeUsers(site)));
  } finally {
    await upstream.stop();
    await site.stop();
  }
} finally {
  await drop();
}

async function makeUsers(site: BenchSite): Promise<SoakClient[]> {
  const users: SoakClient[] = [];
  for (let index = 0; index < clients; index += 1) {
    const username = `soak-${index}`;
    const password = randomBytes(12).toString('base64url');
    users.push({ username, password, token: await site.register(username, password) });
  }
  return users;
}

async function soak(site: BenchSite, users: readonly SoakClient[]): Promise<Sample[]> {
  const turns = listTurns();
  console.log(`${REQUESTS_COUNT} requests by ${users.length} clients. Turns in 1,000: ${showMix()}.\n`);
  console.log(
    '| requests | seconds | heap MB | external MB | resident MB | loop delay max ms | resources | connections |',
  );
  console.log('|---|---|---|---|---|---|---|---|');
  const samples: Sample[] = [];
  const started_ms = performance.now();
  const connections = users.map((user) => ({ user, client: new Client(site.origin) }));
  let requests_count = 0;
  let turn = 0;
  for (let sample = 0; sample <= SAMPLES_COUNT; sample += 1) {
    const until = (REQUESTS_COUNT / SAMPLES_COUNT) * sample;
    await Promise.all(
      connections.map(async ({ user, client }) => {
        while (requests_count < until) {
          const kind = turns[turn % turns.length];
          turn += 1;
          // Awaited before the sum is read: the clients add to one sum.
          const sent_count = (await kind?.(client, user, turn)) ?? 0;
          requests_count += sent_count;
        }
      }),
    );
    if (sample === SAMPLES_COUNT / 10) await analyze(url);
    const memory = await site.child.ask('memory');
    const elapsed_s = (performance.now() - started_ms) / 1000;
    samples.push({ ...memory, requests_count, elapsed_s, connections_count: await countConnections() });
    printSample(samples.at(-1));
  }
  await Promise.all(connections.map(({ client }) => client.close()));
  return samples;
}

function showMix(): string {
  return mix.map(([name, share]) => `${name} ${share}`).join(', ');
}

async function countConnections(): Promise<number> {
  return onDatabase(url, async (client) => {
    const { rows } = await client.query<{ count: number }>(
      `select count(*)::int as count from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
    );
    return rows[0]?.count ?? 0;
  });
}

function printSample(sample: Sample | undefined): void {
  if (!sample) return;
  const { requests_count, elapsed_s, heap_bytes, external_bytes, rss_bytes } = sample;
  const sizes = [heap_bytes, external_bytes, rss_bytes].map((bytes) => (bytes / MB).toFixed(1)).join(' | ');
  const { loop_delay_ms, resources_count, connections_count } = sample;
  console.log(
    `| ${requests_count} | ${elapsed_s.toFixed(0)} | ${sizes} | ${loop_delay_ms.toFixed(0)} | ${resources_count} | ${connections_count} |`,
  );
}

function printVerdict(samples: readonly Sample[]): void {
  const last_half = samples.slice(samples.length / 2);
  const requests_count = (last_half.at(-1)?.requests_count ?? 0) - (last_half[0]?.requests_count ?? 0);
  const growth_mb = (slopeOf(last_half) * requests_count) / MB;
  const is_flat = growth_mb <= GROWTH_MB_MAX;
  console.log(
    `\n${is_flat ? 'Flat' : 'NOT FLAT'}: over the last ${requests_count} requests the heap after a collection changes by ${growth_mb.toFixed(1)} MB (linear regression; bound ${GROWTH_MB_MAX} MB).`,
  );
  const unexpected_count = [...unexpected.values()].reduce((a, b) => a + b, 0);
  console.log(`\n${unexpected_count} responses were unexpected (bound ${UNEXPECTED_SHARE_MAX * 100} %).`);
  for (const [text, count] of unexpected) console.log(`* ${count} × ${text}`);
  if (!is_flat || unexpected_count > REQUESTS_COUNT * UNEXPECTED_SHARE_MAX) process.exitCode = 1;
}

/** Slope of the heap in bytes per request, by least squares. */
function slopeOf(samples: readonly Sample[]): number {
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const x = mean(samples.map(({ requests_count }) => requests_count));
  const y = mean(samples.map(({ heap_bytes }) => heap_bytes));
  const deviation = samples.reduce((sum, each) => sum + (each.requests_count - x) * (each.heap_bytes - y), 0);
  return deviation / samples.reduce((sum, each) => sum + (each.requests_count - x) ** 2, 0);
}
