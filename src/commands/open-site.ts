import { pino, type Logger } from 'pino';
import { buildTollgate, type Tollgate } from '../app.ts';
import { type Config, readConfig } from '../config.ts';
import { loadSecretKey } from '../secrets/secret-key.ts';
import { sealClearKeys } from '../secrets/seal-clear-keys.ts';
import { requireSecretOfDatabase } from '../secrets/secret-of-database.ts';
import { setUpSite } from '../set-up/set-up-site.ts';
import { findDoubtfulSettings, requireSafeSettings } from '../settings/unsafe-settings.ts';
import { join } from 'node:path';
import { movableClock, systemClock } from '#platform/clock';
import { type Database, openDatabase } from '#platform/db/database';
import { serializeRequestLines } from '#platform/http/request-log';
import { logDestination } from '#platform/log-destination';
import { makeLogTime } from '#platform/log-time';
import { redactKeys } from '#platform/redact-keys';
import { useMasterKey } from '#platform/security/link-keys';
import { migrate } from '#platform/db/migrate';

export interface OpenSite {
  config: Config;
  database: Database;
  log: Logger;
  tollgate: Tollgate;
  close(): Promise<void>;
}

export function makeLog(config: Pick<Config, 'log_level'>): Logger {
  const log = pino(
    {
      level: config.log_level,
      base: null,
      timestamp: makeLogTime(systemClock()),
      formatters: { level: (label) => ({ level: label }) },
      redact: ['req.headers.authorization', 'req.headers.cookie', 'password', 'token', 'key'],
      hooks: { streamWrite: redactKeys },
    },
    logDestination(),
  );
  return serializeRequestLines(log);
}

export async function openConfiguredDatabase(config: Config, log: Logger): Promise<Database> {
  return openDatabase(
    config.database_url === null
      ? { folder: join(config.data_folder, 'database') }
      : {
          url: config.database_url,
          pool_max: config.database_connections_max,
          statement_timeout_ms: config.database_statement_ms_max,
          on_connection_lost: (error) => log.warn({ err: error }, 'a database connection was lost'),
        },
  );
}

/**
 * Opens the configured database, migrates it, sets up the site at the first start, and builds the program.
 *
 * @throws ConfigError if a setting is invalid or unsafe, before any file, database or port is opened
 */
export async function openSite(): Promise<OpenSite> {
  const config = readConfig();
  requireSafeSettings(config);
  const log = makeLog(config);
  for (const { setting, reason } of findDoubtfulSettings(config)) log.warn({ setting }, reason);
  if (config.mode === 'evaluation')
    log.warn(
      { processor: config.processor },
      'evaluation mode: loopback addresses only, e-mails are written to this log',
    );
  const secret = await loadSecretKey(config);
  const database = await openConfiguredDatabase(config, log);
  try {
    await migrate(database.db, (message) => log.info(message));
    const movable = config.mode === 'development' ? movableClock() : null;
    const clock = movable ?? systemClock();
    await requireSecretOfDatabase(database.db, secret, clock.now());
    useMasterKey(secret);
    const sealed_count = await sealClearKeys(database.db);
    if (sealed_count > 0) log.info({ sealed_count }, 'keys stored in clear were sealed');
    await setUpSite(database.db, clock, { slug: config.site_slug, title: config.site_title, email: config.site_email });
    const tollgate = await buildTollgate({ config, secret, database, clock, movable, log });
    return {
      config,
      database,
      log,
      tollgate,
      async close() {
        await tollgate.close();
        await database.close();
      },
    };
  } catch (error) {
    await database.close();
    throw error;
  }
}
