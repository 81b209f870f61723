import type { Command } from '../commands.ts';
import { openSite, untilStopped } from './open-site.ts';

export const work: Command = {
  options: {},
  async run() {
    const { tollgate, log, close } = await openSite();
    try {
      await tollgate.startWorker();
      log.info('working');
      await untilStopped(log);
      return 0;
    } finally {
      await close();
    }
  },
};
