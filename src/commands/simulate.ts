import { randomInt } from 'node:crypto';
import { openDatabase } from '#platform/db/database';
import { migrate } from '#platform/db/migrate';
import type { Command } from '../commands.ts';
import { readConfig } from '../config.ts';
import { isEmpty } from '../simulate/empty-store.ts';
import { resultText } from '../simulate/result-text.ts';
import { simulate as runSimulation } from '../simulate/simulate.ts';
import { simulated_processors } from '../simulate/simulation.ts';
import { makeLog, openConfiguredDatabase } from './open-site.ts';
import { reportProgress } from './progress.ts';

const SEED_MAX = 2 ** 31 - 1;

/**
 * Runs a whole business with faults, and checks its rules. Exits with 1 if one is broken. The database is the one that
 * `DATABASE_URL` names, which must be empty, or one in memory.
 */
export const simulate: Command = {
  options: {
    seed: { type: 'string' },
    subscribers: { type: 'string', default: '1000' },
    months: { type: 'string', default: '24' },
    processor: { type: 'string', default: 'test' },
  },
  async run(values) {
    const seed = readCount(values['seed'] ?? String(randomInt(1, SEED_MAX)), SEED_MAX);
    const subscribers = readCount(values['subscribers'], 100_000);
    const months = readCount(values['months'], 240);
    const processor = simulated_processors.find((name) => name === values['processor']);
    if (seed === null || subscribers === null || months === null || processor === undefined) {
      process.stderr.write(
        'Use: tollgate simulate [--seed N] [--subscribers 1000] [--months 24] [--processor test|stripe], with whole numbers.\n',
      );
      return 2;
    }
    const config = readConfig();
    const is_server = config.database_url !== null;
    const database = await (is_server
      ? openConfiguredDatabase(config, makeLog(config))
      : openDatabase({ memory: true }));
    const progress = reportProgress('days');
    try {
      if (is_server && !(await isEmpty(database.db))) {
        process.stderr.write(
          'The database of DATABASE_URL is not empty. A simulation writes a business of its own: create a database for it.\n',
        );
        return 2;
      }
      await migrate(database.db);
      const result = await runSimulation(database, { seed, subscribers, months, processor, onDay: progress.report });
      progress.end();
      process.stdout.write(resultText(result));
      return result.broken.length === 0 ? 0 : 1;
    } finally {
      await database.close();
    }
  },
};

/** Reads a whole number from 1 to `max`; null for any other text. */
function readCount(value: unknown, max: number): number | null {
  if (typeof value !== 'string' || !/^[0-9]{1,10}$/.test(value)) return null;
  const count = Number(value);
  return count >= 1 && count <= max ? count : null;
}
