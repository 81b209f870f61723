import { Client } from 'undici';
import { type Bench, withSite } from './bench.ts';
import { ENTRIES_PER_EVENT, insertPaidOrders } from './ledger-rows.ts';
import { median, send } from './measure.ts';
import { onDatabase } from './on-database.ts';
import { printLine } from './report.ts';
import { analyze } from './seed.ts';

/** Ledger rows of the two profiles that are compared. */
const ROWS = [100, 100_000] as const;
/** Half of the orders of a profile are on one subscription, as renewals are. */
const SUBJECTS_SHARE = 2;
const RUNS_COUNT = 40;

/** Compares the duration of the balance and of the history of profiles with few and with many ledger rows. */
export async function benchProfileReads(bench: Bench): Promise<void> {
  await withSite(bench, {}, async (site) => {
    const profiles = await Promise.all(
      ROWS.map(async (count) => {
        const slug = `rows-${count}`;
        return { slug, count, headers: { authorization: `Bearer ${await site.register(slug)}` } };
      }),
    );
    await onDatabase(bench.database_url, async (client) => {
      for (const { slug, count } of profiles) {
        const events = count / ENTRIES_PER_EVENT;
        const subjects = Math.max(1, Math.floor(events / SUBJECTS_SHARE));
        await insertPaidOrders(client, { kind: slug, payer: slug, count: events, subjects });
      }
      // The job that advances the totals may not have run since: its delay is not measured.
      await client.query('select rebuild_list_counts()');
    });
    await analyze(bench.database_url);
    const client = new Client(site.origin);
    for (const list of ['balance', 'history'] as const) {
      const durations_ms = profiles.map(() => new Array<number>());
      for (let run = -2; run < RUNS_COUNT; run += 1) {
        for (const [index, { slug, headers }] of profiles.entries()) {
          const started_ms = performance.now();
          await send(client, { method: 'GET', path: `/api/billing/${slug}/${list}`, headers });
          if (run >= 0) durations_ms[index]?.push(performance.now() - started_ms);
        }
      }
      const [few = 0, many = 0] = durations_ms.map(median);
      printLine({
        name: `${list} of a profile with 100,000 rows`,
        value: many / few,
        unit: 'times',
        goal: { max: 3 },
        detail: `p50 ${few.toFixed(1)} ms with 100 rows, ${many.toFixed(1)} ms with 100,000`,
      });
    }
    await client.close();
  });
}
