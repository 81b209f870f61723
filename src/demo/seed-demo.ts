import { creditReturn } from '#billing';
import type { Logger } from 'pino';
import { setUpSite } from '../set-up/set-up-site.ts';
import type { Config } from '../config.ts';
import { makeProcessors, type PaymentContext } from '#payments';
import type { MovableClock } from '#platform/clock';
import { movableClock } from '#platform/clock';
import { type Database, inTransaction } from '#platform/db/database';
import { useMasterKey } from '#platform/security/link-keys';
import { skipWaitingEvents } from '#platform/jobs/outbox-store';
import { makeThrottle } from '#platform/security/throttle';
import { monthsBefore } from './months-before.ts';
import { seedActivities, seedReports, seedRules } from './seed-extras.ts';
import { seedHistory } from './seed-history.ts';
import { seedPeople } from './seed-people.ts';
import { seedCatalog } from './seed-sales.ts';

export interface DemoOptions {
  database: Database;
  clock: MovableClock;
  log: Logger;
  secret: string;
  config: Config;
  upstream: { setKey(key: string): void };
  upstream_url: string;
  /** True to create only the broker, the four users and the role types. */
  bare: boolean;
}

const MONTHS = 13;

/**
 * Fills an empty database with 13 months of sample data through the verbs of the rooms, on a clock that ends now. Skips
 * the events, so that no e-mail is sent.
 */
export async function seedDemo({
  database,
  clock,
  log,
  secret,
  config,
  upstream,
  upstream_url,
  bare,
}: DemoOptions): Promise<void> {
  const { db } = database;
  useMasterKey(secret);
  const now = clock.now();
  const past = movableClock(monthsBefore(now, MONTHS));
  const site = await setUpSite(db, past, {
    slug: config.site_slug,
    title: config.site_title,
    email: config.site_email,
    default_timezone: 'America/Los_Angeles',
  });
  const ctx: PaymentContext = {
    actor: { kind: 'job', name: 'demo' },
    db,
    clock: past,
    log,
    site,
    terms: { seat_code_days: config.seat_code_days },
    origin: config.base_url ?? `http://${config.host}:${config.port}`,
    throttle: makeThrottle(() => performance.now()),
    lang: 'en',
    peer: null,
    processors: makeProcessors(config.processor, { db, clock: past, credit: creditReturn }),
  };
  const people = await seedPeople(ctx);
  if (!bare) {
    await seedCatalog(ctx, people);
    await seedHistory(ctx, past, people, now);
    await seedReports(ctx);
    await seedActivities(ctx, people);
  }
  const key = await seedRules(ctx, { secret, upstream_url, bare });
  upstream.setKey(key);
  await inTransaction(db, (tx) => skipWaitingEvents(tx, now));
}
