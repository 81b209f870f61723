import { createUpstreamApp, type UpstreamApp } from '../../examples/upstream-app/index.ts';
import { seedDemo } from '../../src/demo/seed-demo.ts';
import { seedCatalog } from '../../src/demo/seed-sales.ts';
import { pino } from 'pino';
import { findUserByUsername } from '#accounts';
import { getBroker } from '#profiles';
import { type TestApp, startApp, TEST_SECRET } from './start-app.ts';

export interface Journey {
  app: TestApp;
  upstream: UpstreamApp;
  origin: string;
  close(): Promise<void>;
}

/** The program listening on a port, with the sample data of the demo and the sample application behind the gateway. */
export async function startJourney(): Promise<Journey> {
  const app = await startApp({ seed: false, config: { password_length_min: 4 } });
  const upstream = createUpstreamApp({ now: () => app.clock.now() });
  const upstream_url = await upstream.listen();
  const log = pino({ level: 'silent' });
  const { database, clock, config } = app;
  await seedDemo({ database, clock, log, secret: TEST_SECRET, config, upstream, upstream_url, bare: true });
  const ctx = await app.tollgate.makeContext('journey');
  const broker = await getBroker(ctx.db, ctx.site);
  const donny = await findUserByUsername(ctx.db, 'donny');
  await seedCatalog(ctx, { broker, users: new Map(donny ? [['donny', donny]] : []), profiles: new Map() });
  const origin = await app.tollgate.listen();
  await app.tollgate.startWorker();
  return {
    app,
    upstream,
    origin,
    async close() {
      await app.close();
      await upstream.close();
    },
  };
}
