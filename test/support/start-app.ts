import { type Logger, pino } from 'pino';
import { buildTollgate, type Tollgate } from '../../src/app.ts';
import { type Config, readConfig } from '../../src/config.ts';
import type { Processors } from '#payments';
import { movableClock, type MovableClock } from '../../src/platform/clock.ts';
import type { Db } from '../../src/platform/db/database.ts';
import { ordinaryDay } from './context.ts';
import { openTestDatabase, type TestDatabase } from './database.ts';
import type { OutsideWorld } from '../../src/simulate/outside/outside-world.ts';
import { startStripeWorld } from '../../src/simulate/outside/stripe-world.ts';
import { seedSite } from './seed.ts';
import { TEST_PASSWORD_MEMORY_KIB, TEST_SECRET } from './test-secret.ts';

export interface TestApp {
  tollgate: Tollgate;
  http: Tollgate['http'];
  database: TestDatabase;
  db: Db;
  clock: MovableClock;
  config: Config;
  /** The emulator of Stripe; null with the test processor. */
  world: OutsideWorld | null;
  close(): Promise<void>;
}

export { TEST_SECRET };

/**
 * Wires the program on a database for the test file, with a clock that does not advance and captured mail.
 *
 * The program listens after `tollgate.listen` only; `app.http.inject` needs no port. `app.tollgate.worker.drain()`
 * delivers the events. `processor: 'stripe'` starts an emulator of Stripe beside it, without faults.
 */
export async function startApp(
  given: {
    config?: Partial<Config>;
    now?: Date;
    seed?: boolean;
    database?: TestDatabase;
    log?: Logger;
    processor?: 'test' | 'stripe';
    wrapProcessors?: (processors: Processors) => Processors;
  } = {},
): Promise<TestApp> {
  const database = given.database ?? (await openTestDatabase());
  const clock = movableClock(given.now ?? ordinaryDay);
  const world = given.processor === 'stripe' ? await startStripeWorld({ clock, seed: 1, has_faults: false }) : null;
  if (given.seed !== false) await seedSite(database.db, clock.now());
  const config = readConfig(
    {},
    {
      mode: 'development',
      host: '127.0.0.1',
      port: 0,
      site_slug: 'cowork',
      password_memory_kib: TEST_PASSWORD_MEMORY_KIB,
      throttle_factor: 10_000,
      requests_per_minute_max: 1_000_000,
      private_addresses_allowed: true,
      ...world?.config,
      ...given.config,
    },
  );
  const log = given.log ?? pino({ level: process.env['TEST_LOG_LEVEL'] ?? 'silent' });
  const { wrapProcessors } = given;
  const secret = TEST_SECRET;
  const options = { config, secret, database, clock, movable: clock, log };
  const tollgate = await buildTollgate({ ...options, ...(wrapProcessors ? { wrapProcessors } : {}) });
  await tollgate.http.ready();
  world?.connect(tollgate);
  return {
    tollgate,
    http: tollgate.http,
    database,
    db: database.db,
    clock,
    config,
    world,
    async close() {
      await tollgate.close();
      await world?.stop();
      await database.close();
    },
  };
}
