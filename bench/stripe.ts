import { createHmac } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { Client } from 'undici';
import { type Bench, withSite } from './bench.ts';
import type { BenchSite } from './bench-site.ts';
import { checkOutByClients } from './checkout.ts';
import { type Child, freePort, startChild } from './child.ts';
import { compare, loadByNode, quantile } from './measure.ts';
import { onDatabase } from './on-database.ts';
import { printLine } from './report.ts';
import { analyze } from './seed.ts';
import { seconds } from './settings.ts';

const SECRET = 'whsec_bench';
const PATH = '/api/stripe/postevent';
const TOKEN = 'tok_visa';
/** Checkouts of each side before the measurement: the compiler is still at work before, as in `checkout`. */
const WARM_UP_COUNT = 800;
const INTAKE_CLIENTS = 32;
/** Messages sent per second: above the goal, and below the limit of the route. */
const INTAKE_PER_S = 1_200;
const WAITING_COUNT = 100_000;
/** Objects that the waiting messages name. */
const OBJECTS_COUNT = 1_000;
/** How long the memory is watched while they are handled. */
const WATCH_S = 30;
const POLL_MS = 200;
const MB = 1024 * 1024;

/**
 * Measures checkouts with the emulator of Stripe, its messages included, against those with the test processor; how
 * many messages per second are taken; and the memory of a process while 100,000 wait.
 */
export async function benchStripe(bench: Bench): Promise<void> {
  await benchCheckouts(bench);
  await withStripe(bench, async (site) => {
    await benchIntake(site);
    await benchWaiting(bench, site);
  });
}

/** Starts the program with Stripe, and the emulator beside it in a process of its own. */
async function withStripe<T>(bench: Bench, work: (site: BenchSite, emulator: Child) => Promise<T>): Promise<T> {
  const port = await freePort();
  const environment = {
    PROCESSOR: 'stripe',
    STRIPE_SECRET_KEY: 'sk_test_tollgate',
    STRIPE_PUBLISHABLE_KEY: 'pk_test_tollgate',
    STRIPE_WEBHOOK_SECRETS: SECRET,
    ALLOW_TEST_KEYS: '1',
    STRIPE_API_URL: `http://127.0.0.1:${port}`,
  };
  return withSite(bench, { environment, node: ['--expose-gc'] }, async (site) => {
    const webhook = `--webhook=${site.origin}${PATH}=${SECRET}`;
    const args = ['src/main.ts', 'stripe-emulator', `--port=${port}`, '--quiet', webhook];
    const emulator = await startChild(args, { environment: {}, probe: '/_emulator', port });
    try {
      return await work(site, emulator);
    } finally {
      await emulator.stop();
    }
  });
}

async function benchCheckouts(bench: Bench): Promise<void> {
  await withSite(bench, {}, async (tested) => {
    await withStripe(bench, async (site, emulator) => {
      const baseline = checkOutByClients(tested, bench.seeded.buyers);
      const subject = checkOutByClients(site, bench.seeded.buyers, TOKEN);
      for (const side of [baseline, subject])
        for (let count = 0; count < WARM_UP_COUNT;) count += (await side.load(seconds)).count;
      await analyze(bench.database_url);
      const emulator_ms = emulator.cpuMs();
      const comparison = await compare(baseline, subject);
      const used_ms = emulator.cpuMs() - emulator_ms;
      const { per_s, cpu_us, p50_ms, p99_ms } = comparison.subject;
      printLine({
        // S80
        name: 'checkout with the emulator of Stripe',
        value: per_s / comparison.baseline.per_s,
        goal: { min: 0.5 },
        detail: `${per_s.toFixed(0)}/s, ${cpu_us.toFixed(0)} us CPU, p50 ${p50_ms.toFixed(1)}, p99 ${p99_ms.toFixed(1)} ms against ${comparison.baseline.per_s.toFixed(0)}/s with the test processor; the emulator used ${(used_ms / 1000).toFixed(1)} s of CPU`,
      });
    });
  });
}

let sent_count = 0;
let next_ms = 0;

/** Sends a signed message that names an object, at its turn. Returns the time until the response, in ms. */
async function sendMessage(client: Client): Promise<number> {
  const now_ms = performance.now();
  next_ms = Math.max(next_ms, now_ms) + 1000 / INTAKE_PER_S;
  await setTimeout(next_ms - now_ms);
  const sent_ms = performance.now();
  await sendNow(client);
  return performance.now() - sent_ms;
}

async function sendNow(client: Client): Promise<void> {
  sent_count += 1;
  const body = JSON.stringify({
    id: `evt_bench${sent_count}`,
    object: 'event',
    type: 'charge.updated',
    livemode: false,
    data: { object: { id: `ch_bench${sent_count % OBJECTS_COUNT}`, object: 'charge' } },
  });
  const at = Math.floor(Date.now() / 1000);
  const signature = createHmac('sha256', SECRET).update(`${at}.${body}`).digest('hex');
  const headers = { 'content-type': 'application/json', 'stripe-signature': `t=${at},v1=${signature}` };
  const { statusCode, body: reply } = await client.request({ method: 'POST', path: PATH, headers, body });
  const text = await reply.text();
  if (statusCode !== 200) throw new Error(`${PATH}: ${statusCode} ${text.slice(0, 300)}`);
}

async function benchIntake(site: BenchSite): Promise<void> {
  await loadByNode(site.origin, seconds, async (client) => void (await sendMessage(client)), INTAKE_CLIENTS);
  const durations_ms: number[] = [];
  const { per_s } = await loadByNode(
    site.origin,
    seconds * 3,
    async (client) => void durations_ms.push(await sendMessage(client)),
    INTAKE_CLIENTS,
  );
  const [p50_ms, p99_ms] = [quantile(durations_ms, 0.5), quantile(durations_ms, 0.99)];
  const times = `p50 ${p50_ms.toFixed(1)}, p99 ${p99_ms.toFixed(1)} ms`;
  printLine({
    // S68
    name: 'messages of Stripe taken',
    value: per_s,
    unit: 'per s',
    goal: { min: 1000 },
    detail: `per s, ${INTAKE_CLIENTS} connections, signed, committed before the answer, handled meanwhile; ${times}`,
  });
  printLine({ name: 'p99 of a message', value: p99_ms, unit: 'ms', goal: { max: 100 }, detail: 'ms at that rate' });
}

/** Lets the program handle messages that wait, and reads its memory meanwhile. */
async function benchWaiting({ database_url }: Bench, site: BenchSite): Promise<void> {
  const before = await site.child.ask('memory');
  await onDatabase(database_url, async (client) => {
    await client.query(
      `insert into processor_events (event_key, processor, account, kind, object_key, received_at, next_at)
      select 'evt_waits' || n, 'stripe', '', 'charge', 'ch_bench' || n / $2, now(), now() from generate_series(1, $1) as n`,
      [WAITING_COUNT, WAITING_COUNT / OBJECTS_COUNT],
    );
    await client.query('analyze processor_events');
    let peak_bytes = 0;
    for (const until_ms = performance.now() + WATCH_S * 1000; performance.now() < until_ms; await setTimeout(POLL_MS))
      peak_bytes = Math.max(peak_bytes, site.child.residentBytes());
    const { rows } = await client.query<{ count: number }>(
      `select count(*)::int as count from processor_events where event_key like 'evt_waits%' and next_at > received_at`,
    );
    printLine({
      name: `memory with ${WAITING_COUNT} messages`,
      value: Math.max(0, peak_bytes - before.rss_bytes) / MB,
      unit: 'MB',
      goal: { max: 64 },
      detail: `MB more at the most than ${(before.rss_bytes / MB).toFixed(0)} MB in ${WATCH_S} s; ${rows[0]?.count ?? 0} of them were taken up`,
    });
  });
}
