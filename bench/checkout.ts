import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Client } from 'undici';
import { type Bench, withSite } from './bench.ts';
import type { BenchSite } from './bench-site.ts';
import { readDatabaseCpuMs, sumSince } from './database-cpu.ts';
import { isInstalled, loadByNode, measure, median, send, type Side, takeMedians } from './measure.ts';
import { printLine, printSkipped } from './report.ts';
import { analyze, type Buyer, PLAN } from './seed.ts';
import { makeScratchDatabase } from './scratch-database.ts';
import { clients, rounds, seconds } from './settings.ts';

const run = promisify(execFile);
const PGBENCH_SCALE = '10';
/**
 * Checkouts before the measurement. After some hundred the compiler of Node.js still uses a third of the CPU time of
 * the process, and each connection plans its statements.
 */
const WARM_UP_COUNT = 1_500;

/**
 * Compares checkouts per second (a cart item added and paid by card, its events delivered by the same process) with
 * TPC-B transactions per second of `pgbench` on the same server with as many clients.
 */
export async function benchCheckout(bench: Bench): Promise<void> {
  if (!(await isInstalled('pgbench', '--version'))) return printSkipped('checkout', 'pgbench is not installed');
  const scratch = await makeScratchDatabase();
  if ('reason' in scratch) return printSkipped('checkout', scratch.reason);
  try {
    await run('pgbench', ['--initialize', '--quiet', `--scale=${PGBENCH_SCALE}`, scratch.url]);
    await withSite(bench, {}, async (site) => {
      const side = checkOutByClients(site, bench.seeded.buyers);
      for (let count = 0; count < WARM_UP_COUNT;) count += (await side.load(seconds)).count;
      // As autovacuum does: else each connection keeps the plans of the tables before the warm-up.
      await analyze(bench.database_url);
      const tpcb: number[] = [];
      const figures = [];
      const database_us: number[] = [];
      for (let round = 0; round < rounds; round += 1) {
        tpcb.push(await runTpcb(scratch.url));
        const before = readDatabaseCpuMs(bench.database_url);
        const measured = await measure(side, seconds);
        const used_ms = sumSince(before, readDatabaseCpuMs(bench.database_url));
        figures.push(measured);
        database_us.push((used_ms * 1000) / Math.max(measured.per_s * seconds, 1));
      }
      const { per_s, p50_ms, p99_ms, cpu_us } = takeMedians(figures);
      bench.checkouts_per_s = per_s;
      const times = `p50 ${p50_ms.toFixed(1)}, p99 ${p99_ms.toFixed(1)} ms`;
      printLine({
        name: 'checkout',
        value: per_s / median(tpcb),
        goal: { min: 0.07 },
        detail: `${per_s.toFixed(0)}/s, ${cpu_us.toFixed(0)} us CPU and ${median(database_us).toFixed(0)} us in the database, ${times} against ${median(tpcb).toFixed(0)}/s of pgbench TPC-B`,
      });
    });
  } finally {
    await scratch.drop();
  }
}

/** A side on which each client adds the plan to its cart and pays it, for a separate profile. */
export function checkOutByClients(site: BenchSite, buyers: readonly Buyer[], card_token = 'tok_bench'): Side {
  return {
    child: site.child,
    load: (time_s) =>
      loadByNode(
        site.origin,
        time_s,
        async (client, index) => {
          const buyer = buyers[index];
          if (!buyer) throw new Error('there are more clients than buyers');
          await checkOut(client, buyer, card_token);
        },
        buyers.length,
      ),
  };
}

/** Adds the plan to the cart and pays it. */
export async function checkOut(
  client: Client,
  { username, token }: Buyer,
  processor_token = 'tok_bench',
): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const item = JSON.stringify({ plan: PLAN, option: 1 });
  await send(client, { method: 'POST', path: '/api/cart', headers, body: item });
  const payment = JSON.stringify({ remember_card: false, processor_token });
  await send(client, { method: 'POST', path: `/api/billing/${username}/checkout`, headers, body: payment });
}

async function runTpcb(url: string): Promise<number> {
  const args = [`--client=${clients}`, '--jobs=2', `--time=${seconds}`, '--protocol=prepared', '--no-vacuum', url];
  const { stdout } = await run('pgbench', args);
  const tps = /^tps = ([0-9.]+)/m.exec(stdout)?.[1];
  if (tps === undefined) throw new Error(`pgbench printed no tps: ${stdout}`);
  return Number(tps);
}
