import { onDatabase } from './on-database.ts';
import type pg from 'pg';

const WAIT_MS_MAX = 300_000;
const waiting = `
  select count(*)::int as count from outbox_events
  where delivered_at is null and parked_at is null and schedule is null`;

/** Waits until no event and no job waits; rejects after five minutes. */
export async function waitUntilDelivered(database_url: string): Promise<void> {
  await onDatabase(database_url, async (client) => {
    await watch(client, (count) => count === 0);
  });
}

/** Counts the rows that wait every 20 ms until the condition is met. */
export async function watch(client: pg.Client, isMet: (count: number) => boolean): Promise<number> {
  const until = performance.now() + WAIT_MS_MAX;
  for (;;) {
    const { rows } = await client.query<{ count: number }>(waiting);
    const count = rows[0]?.count ?? 0;
    if (isMet(count)) return count;
    if (performance.now() > until) throw new Error(`${count} events and jobs still wait`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
