import { limitHeap } from '#platform/limit-heap';
import { trimHeap } from '#platform/trim-heap';
import type { Command } from '../commands.ts';
import { openSite } from './open-site.ts';
import { watchSetup } from './payments-setup.ts';
import { untilStopped } from './until-stopped.ts';

export const work: Command = {
  options: {},
  async run() {
    const { config, tollgate, log, close } = await openSite();
    let stopWatching = () => {};
    try {
      trimHeap();
      limitHeap();
      await tollgate.startWorker();
      const stopping = untilStopped(log, config.stop_ms_max);
      log.info('working');
      stopWatching = watchSetup(await tollgate.makeContext('payment setup'));
      await stopping;
      return 0;
    } finally {
      stopWatching();
      await close();
    }
  },
};
