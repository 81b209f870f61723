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
      const first = await firstManagerLink(await tollgate.makeContext('first manager'));
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
      await untilStopped(log);
      return 0;
    } finally {
      await close();
    }
  },
};
