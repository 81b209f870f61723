import { type Bench, withSite } from './bench.ts';
import { ofSite } from './api-read.ts';
import { checkOutByClients } from './checkout.ts';
import { loadByNode, median, type Round, send } from './measure.ts';
import { printLine } from './report.ts';
import { rounds, seconds } from './settings.ts';

/** Clients that read while others check out: as few as do not load the server themselves. */
const READERS_COUNT = 2;

/** Compares the p99 of a cheap read during checkouts with its p99 alone, in alternating rounds. */
export async function benchFairness(bench: Bench): Promise<void> {
  await withSite(bench, {}, async (site) => {
    const request = { method: 'GET', ...ofSite(bench.seeded.reader) } as const;
    const read = (): Promise<Round> =>
      loadByNode(site.origin, seconds, (client) => send(client, request), READERS_COUNT);
    const checkouts = checkOutByClients(site, bench.seeded.buyers);
    await Promise.all([read(), checkouts.load(1)]);
    const alone: Round[] = [];
    const during: Round[] = [];
    for (let round = 0; round < rounds; round += 1) {
      alone.push(await read());
      const [under_load] = await Promise.all([read(), checkouts.load(seconds)]);
      during.push(under_load);
    }
    const p99 = (list: Round[]) => median(list.map(({ p99_ms }) => p99_ms));
    const p50 = (list: Round[]) => median(list.map(({ p50_ms }) => p50_ms));
    printLine({
      name: 'p99 of a read during checkouts',
      value: p99(during) / p99(alone),
      unit: 'times',
      goal: { max: 5 },
      detail: `p50 ${p50(during).toFixed(2)}, p99 ${p99(during).toFixed(1)} ms against p50 ${p50(alone).toFixed(2)}, p99 ${p99(alone).toFixed(1)} ms alone, ${READERS_COUNT} readers`,
    });
  });
}
