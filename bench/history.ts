import { Client } from 'undici';
import { type Bench, withSite } from './bench.ts';
import { checkOut } from './checkout.ts';
import { median } from './measure.ts';
import { waitUntilDelivered } from './backlog.ts';
import { printLine } from './report.ts';
import type { Buyer } from './seed.ts';
import { analyze } from './seed.ts';

/** Purchases that each payer made before the measurement. */
const PURCHASES = [1, 300, 3_000] as const;
const MEASURED_COUNT = 40;

/** Compares the duration of a checkout of payers with a short and with a long history, one client, alternating. */
export async function benchHistory(bench: Bench): Promise<void> {
  await withSite(bench, {}, async (site) => {
    const payers = await Promise.all(
      PURCHASES.map(async (count) => {
        const client = new Client(site.origin);
        const username = `payer-${count}`;
        const buyer: Buyer = { username, token: await site.register(username) };
        for (let made = 0; made < count; made += 1) await checkOut(client, buyer);
        return { client, buyer, durations_ms: new Array<number>() };
      }),
    );
    await waitUntilDelivered(bench.database_url);
    await analyze(bench.database_url);
    for (let measured = 0; measured < MEASURED_COUNT; measured += 1) {
      for (const { client, buyer, durations_ms } of payers) {
        const started = performance.now();
        await checkOut(client, buyer);
        durations_ms.push(performance.now() - started);
      }
    }
    await Promise.all(payers.map(({ client }) => client.close()));
    const [first = 0, middle = 0, last = 0] = payers.map(({ durations_ms }) => median(durations_ms));
    printLine({
      name: 'checkout after 3,000 purchases of one payer',
      value: last / first,
      unit: 'times',
      goal: { max: 1.2 },
      detail: `p50 ${first.toFixed(1)} ms after 1, ${middle.toFixed(1)} ms after 300, ${last.toFixed(1)} ms after 3,000`,
    });
  });
}
