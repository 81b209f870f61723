import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { BenchSite } from './bench-site.ts';
import { load, median, send, type Side } from './measure.ts';
import { clients, rounds, seconds } from './settings.ts';
import { makeScratchDatabase } from './scratch-database.ts';

const run = promisify(execFile);
const PGBENCH_SCALE = '10';

export interface CheckoutComparison {
  tpcb_per_s: number;
  checkouts_per_s: number;
  p50_ms: number;
  p99_ms: number;
}

/**
 * Compares checkouts per second (a cart item added and paid by card) with TPC-B transactions per second of `pgbench` on
 * the same server with as many clients. Each client buys for a separate profile. Returns the reason when `pgbench` is
 * not installed.
 */
export async function benchCheckout(site: BenchSite): Promise<CheckoutComparison | { reason: string }> {
  const hasPgbench = await run('pgbench', ['--version']).then(
    () => true,
    () => false,
  );
  if (!hasPgbench) return { reason: 'pgbench is not installed' };
  const scratch = await makeScratchDatabase();
  if ('reason' in scratch) return scratch;
  try {
    await run('pgbench', ['--initialize', '--quiet', `--scale=${PGBENCH_SCALE}`, scratch.url]);
    const buyers = await makeBuyers(site);
    const side: Side = {
      origin: site.origin,
      async step(client, index) {
        const buyer = buyers[index];
        if (!buyer) throw new Error('there are more clients than buyers');
        const headers = { authorization: `Bearer ${buyer.token}`, 'content-type': 'application/json' };
        await send(client, {
          method: 'POST',
          path: '/api/cart',
          headers,
          body: JSON.stringify({ plan: 'bench', option: 1 }),
        });
        const payment = JSON.stringify({ remember_card: false, processor_token: 'tok_bench' });
        await send(client, { method: 'POST', path: `/api/billing/${buyer.username}/checkout`, headers, body: payment });
      },
    };
    await load(side, 1);
    const tpcb: number[] = [];
    const checkouts: number[] = [];
    const durations: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      tpcb.push(await runTpcb(scratch.url));
      const { per_s, durations_ms } = await load(side, seconds);
      checkouts.push(per_s);
      durations.push(...durations_ms);
    }
    durations.sort((a, b) => a - b);
    return {
      tpcb_per_s: median(tpcb),
      checkouts_per_s: median(checkouts),
      p50_ms: durations[Math.floor(durations.length * 0.5)] ?? 0,
      p99_ms: durations[Math.floor(durations.length * 0.99)] ?? 0,
    };
  } finally {
    await scratch.drop();
  }
}

async function makeBuyers(site: BenchSite): Promise<{ username: string; token: string }[]> {
  const seller = await site.registerManager('seller');
  const plan = {
    slug: 'bench',
    title: 'Bench',
    description: 'Bench',
    is_active: true,
    period_amount: 2000,
    period_type: 'monthly',
  };
  await site.call('POST', '/api/profile/tollgate/plans', seller, plan);
  const buyers = [];
  for (let index = 0; index < clients; index += 1) {
    const username = `buyer-${index}`;
    buyers.push({ username, token: await site.register(username) });
  }
  return buyers;
}

async function runTpcb(url: string): Promise<number> {
  const args = [`--client=${clients}`, '--jobs=2', `--time=${seconds}`, '--protocol=prepared', '--no-vacuum', url];
  const { stdout } = await run('pgbench', args);
  const tps = /^tps = ([0-9.]+)/m.exec(stdout)?.[1];
  if (tps === undefined) throw new Error(`pgbench printed no tps: ${stdout}`);
  return Number(tps);
}
