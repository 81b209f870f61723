import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { Db } from '../db/database.ts';
import { type ClaimedRow, renewLease } from './lease-store.ts';

interface LeaseOptions {
  db: Db;
  clock: Clock;
  log: Logger;
  lease_ms: number;
}

/**
 * Runs `work` for a leased row and renews the lease every third of its length. An expired lease therefore belongs to a
 * process that ended, although the lease is shorter than the work. Outcomes are recorded after the last renewal.
 */
export async function renewWhile<T>(
  { db, clock, log, lease_ms }: LeaseOptions,
  row: ClaimedRow,
  work: () => Promise<T>,
): Promise<T> {
  let from = row.leased_until;
  let renewal = Promise.resolve();
  const renew = async () => {
    const to = new Date(clock.now().getTime() + lease_ms);
    if (await renewLease(db, row.id, { from, to })) from = to;
  };
  const timer = setInterval(() => {
    renewal = renewal
      .then(renew)
      .catch((error: unknown) => log.warn({ err: error, name: row.name, outbox_id: row.id }, 'lease not renewed'));
  }, lease_ms / 3).unref();
  try {
    return await work();
  } finally {
    clearInterval(timer);
    await renewal;
  }
}
