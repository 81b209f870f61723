import type { Command } from '../commands.ts';
import { firstManagerLink } from '../first-manager.ts';
import { openSite, untilStopped } from './open-site.ts';

export const serve: Command = {
  options: { 'no-worker': { type: 'boolean' } },
  async run(values) {
    const { config, tollgate, log, close } = await openSite();
    try {
      const address = await tollgate.listen();
      if (values['no-worker'] !== true) await tollgate.startWorker();
      log.info({ address }, 'ready');
      if (config.processor === 'test' && config.mode === 'production')
        log.warn('payments go to the test processor: made-up cards are accepted and no money moves');
      const link = await firstManagerLink(await tollgate.makeContext('first manager'));
      if (link !== null)
        log.warn(
          { link },
          'nobody manages this site yet: open the link to become its manager; it works once, for a day',
        );
      await untilStopped(log);
      return 0;
    } finally {
      await close();
    }
  },
};
