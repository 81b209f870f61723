import { parseInstant } from '#kernel/instant';
import { systemClock } from '#platform/clock';
import type { Command } from '../commands.ts';
import { openSite } from './open-site.ts';

export const jobs: Command = {
  options: { at: { type: 'string' } },
  async run(values, [verb]) {
    if (verb !== 'run') {
      process.stderr.write('Use: tollgate jobs run [--at ISO]\n');
      return 2;
    }
    const at = typeof values['at'] === 'string' ? parseInstant(values['at'], 'UTC') : systemClock().now();
    if (at === null) {
      process.stderr.write('--at: give an instant in ISO 8601, such as 2026-01-31T02:00:00Z.\n');
      return 2;
    }
    const { tollgate, log, close } = await openSite();
    let failed = 0;
    try {
      for (const job of tollgate.worker.jobs.filter((each) => each.schedule !== undefined)) {
        try {
          await tollgate.worker.run(job, at);
          log.info({ job: job.name }, 'job done');
        } catch {
          failed += 1; // the error is logged
        }
      }
      await tollgate.worker.drain();
    } finally {
      await close();
    }
    return failed === 0 ? 0 : 1;
  },
};
