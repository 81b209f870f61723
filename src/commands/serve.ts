import { movesMoney } from '#payments';
import { limitHeap } from '#platform/limit-heap';
import { trimHeap } from '#platform/trim-heap';
import type { Command } from '../commands.ts';
import { prepareFirstManager } from '../set-up/first-manager.ts';
import { openSite } from './open-site.ts';
import { watchSetup } from './payments-setup.ts';
import { untilStopped } from './until-stopped.ts';

export const serve: Command = {
  options: { 'no-worker': { type: 'boolean' } },
  async run(values) {
    const { config, tollgate, log, close } = await openSite();
    let stopWatching = () => {};
    try {
      await tollgate.http.ready();
      trimHeap();
      limitHeap();
      const address = await tollgate.listen();
      if (values['no-worker'] !== true) await tollgate.startWorker();
      const stopping = untilStopped(log, config.stop_delay_ms + config.stop_ms_max);
      log.info({ address }, 'ready');
      stopWatching = watchSetup(await tollgate.makeContext('payment setup'));
      if (!movesMoney(config.processor) && config.mode === 'production')
        log.warn('payments use the test processor: made-up cards are accepted and no money moves');
      const first = await prepareFirstManager(await tollgate.makeContext('first manager'));
      if (first !== null && 'link' in first)
        log.warn(
          { link: first.link },
          'site has no manager; open the link to become the manager (single use, valid for 24 hours, replaces every earlier link)',
        );
      else if (first !== null)
        log.warn(
          { prepared_at: first.prepared_at },
          'site has no manager; the link was logged by the start at prepared_at; a start 30 seconds later logs a new one',
        );
      const stop = await stopping;
      tollgate.announceStop();
      // SIGINT (Ctrl-C) skips the delay: it is meant for load balancers.
      if (stop.signal === 'SIGTERM') await stop.delay(config.stop_delay_ms);
      return 0;
    } finally {
      stopWatching();
      await close();
    }
  },
};
