import { type Logger, pino } from 'pino';
import { buildTollgate, type Tollgate } from '../../src/app.ts';
import { type Config, readConfig } from '../../src/config.ts';
import type { Processors } from '#payments';
import { movableClock, type MovableClock } from '../../src/platform/clock.ts';
import type { Db } from '../../src/platform/db/database.ts';
import { ordinaryDay } from './context.ts';
import { openTestDatabase, type TestDatabase } from './database.ts';
import { seedSite } from './seed.ts';
import { TEST_PASSWORD_MEMORY_KIB, TEST_SECRET } from './test-secret.ts';

export interface TestApp {
  tollgate: Tollgate;
  http: Tollgate['http'];
  database: TestDatabase;
  db: Db;
  clock: MovableClock;
  config: Config;
  close(): Promise<void>;
}

export { TEST_SECRET };

/**
 * Wires the program on a database for the test file, with a clock that does not advance and captured mail.
 *
 * The program listens after `tollgate.listen` only; `app.http.inject` needs no port. `app.tollgate.worker.drain()`
 * delivers the events.
 */
export async function startApp(
  given: {
    config?: Partial<Config>;
    now?: Date;
    seed?: boolean;
    database?: TestDatabase;
    log?: Logger;
    wrapProcessors?: (processors: Processors) => Processors;
  } = {},
): Promise<TestApp> {
  const database = given.database ?? (await openTestDatabase());
  const clock = movableClock(given.now ?? ordinaryDay);
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
      ...given.config,
    },
  );
  const log = given.log ?? pino({ level: process.env['TEST_LOG_LEVEL'] ?? 'silent' });
  const { wrapProcessors } = given;
  const secret = TEST_SECRET;
  const options = { config, secret, database, clock, movable: clock, log };
  const tollgate = await buildTollgate({ ...options, ...(wrapProcessors ? { wrapProcessors } : {}) });
  await tollgate.http.ready();
  return {
    tollgate,
    http: tollgate.http,
    database,
    db: database.db,
    clock,
    config,
    async close() {
      await tollgate.close();
      await database.close();
    },
  };
}
