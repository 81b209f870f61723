import { trimHeap } from '#platform/trim-heap';
import type { Command } from '../commands.ts';
import { openSite } from './open-site.ts';
import { untilStopped } from './until-stopped.ts';

export const work: Command = {
  options: {},
  async run() {
    const { config, tollgate, log, close } = await openSite();
    try {
      trimHeap();
      await tollgate.startWorker();
      const stopping = untilStopped(log, config.stop_ms_max);
      log.info('working');
      await stopping;
      return 0;
    } finally {
      await close();
    }
  },
};
