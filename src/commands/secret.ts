import { systemClock } from '#platform/clock';
import { migrate } from '#platform/db/migrate';
import type { Command } from '../commands.ts';
import { readConfig } from '../config.ts';
import { loadSecretKey } from '../secrets/secret-key.ts';
import { adoptSecret } from '../secrets/secret-of-database.ts';
import { makeLog, openConfiguredDatabase } from './open-site.ts';

export const secret: Command = {
  options: {},
  async run(_values, [verb]) {
    if (verb !== 'adopt') {
      process.stderr.write('Use: tollgate secret adopt\n');
      return 2;
    }
    const config = readConfig();
    const log = makeLog(config);
    const key = await loadSecretKey(config);
    const database = await openConfiguredDatabase(config, log);
    try {
      await migrate(database.db, (message) => log.info(message));
      const removed = await adoptSecret(database.db, key, systemClock().now());
      process.stdout.write(
        `The database belongs to the configured SECRET_KEY. Removed: ${removed.totp_factors_count} authenticator factors, whose users set them up again; ${removed.session_keys_count} session keys. Give the application a new session key: POST /api/proxy/key, or the set-up page.\n`,
      );
      return 0;
    } finally {
      await database.close();
    }
  },
};
