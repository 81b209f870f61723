import { waitUntilDelivered, watch } from './backlog.ts';
import { type Bench, withSite } from './bench.ts';
import { checkOutByClients } from './checkout.ts';
import { measure } from './measure.ts';
import { onDatabase } from './on-database.ts';
import { printLine } from './report.ts';
import { seconds } from './settings.ts';

/** Rows that wait: enough for some seconds of work. */
const ROWS_COUNT = 6_000;
/** Share of the rows that is left when the measurement begins and ends: the start and the end are no full load. */
const BEGIN = 0.95;
const END = 0.05;

/** Copies of the events of checkouts, in their order. `$1` is the number of rows, a multiple of 100. */
export const insertEvents = `
  insert into outbox_events (name, payload, created_at, next_attempt_at)
  select name, payload, now(), now() from (
    select name, payload, row_number() over (order by id desc) as n from outbox_events
    where delivered_at is not null and name in ('order_executed', 'charge_updated') order by id desc limit 100
  ) as delivered, generate_series(1, $1::int / 100) as copy order by copy, n`;
const insertJobs = `
  insert into outbox_events (name, payload, created_at, next_attempt_at)
  select 'job:forget_card', jsonb_build_object('processor', 'test', 'account', '', 'customer_key', 'cus_bench_' || n),
    now(), now() from generate_series(1, $1::int) as n`;

/**
 * Compares the pace at which one process delivers waiting events, whose mails are rendered and discarded, and runs
 * small jobs, with the rate of checkouts.
 */
export async function benchQueue(bench: Bench): Promise<void> {
  const checkouts_per_s = bench.checkouts_per_s ?? (await measureCheckouts(bench));
  for (const [name, text] of [
    ['events', insertEvents],
    ['jobs', insertJobs],
  ] as const) {
    const { per_s, cpu_us } = await drain(bench, text);
    printLine({
      name: `${name}, against checkouts`,
      value: per_s / checkouts_per_s,
      unit: 'times',
      goal: { min: 10 },
      detail: `${per_s.toFixed(0)}/s, ${cpu_us.toFixed(0)} us CPU against ${checkouts_per_s.toFixed(0)} checkouts/s`,
    });
  }
}

async function measureCheckouts(bench: Bench): Promise<number> {
  return withSite(bench, {}, async (site) => {
    const side = checkOutByClients(site, bench.seeded.buyers);
    await side.load(1);
    const { per_s } = await measure(side, seconds);
    await waitUntilDelivered(bench.database_url);
    return per_s;
  });
}

/** Inserts the rows, then measures from the first rows that are delivered to the last. */
async function drain(bench: Bench, text: string): Promise<{ per_s: number; cpu_us: number }> {
  return withSite(bench, {}, ({ child }) =>
    onDatabase(bench.database_url, async (client) => {
      await client.query(text, [ROWS_COUNT]);
      const first_count = await watch(client, (count) => count <= ROWS_COUNT * BEGIN);
      const started_ms = performance.now();
      const cpu_ms = child.cpuMs();
      const last_count = await watch(client, (count) => count <= ROWS_COUNT * END);
      const count = first_count - last_count;
      const per_s = (count / (performance.now() - started_ms)) * 1000;
      const cpu_us = ((child.cpuMs() - cpu_ms) * 1000) / count;
      await watch(client, (left) => left === 0);
      return { per_s, cpu_us };
    }),
  );
}
