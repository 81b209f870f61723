import type { Command } from '../commands.ts';
import { migrate } from '#platform/db/migrate';
import { readConfig } from '../config.ts';
import { makeLog, openConfiguredDatabase } from './open-site.ts';

export const migrateOnly: Command = {
  options: {},
  async run() {
    const config = readConfig();
    const log = makeLog(config);
    const database = await openConfiguredDatabase(config, log);
    try {
      await migrate(database.db, (message) => log.info(message));
      return 0;
    } finally {
      await database.close();
    }
  },
};
