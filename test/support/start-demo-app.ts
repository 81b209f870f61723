import { pino } from 'pino';
import { createUpstreamApp, type UpstreamApp } from '../../examples/upstream-app/index.ts';
import { seedDemo } from '../../src/demo/seed-demo.ts';
import { findUserByUsername } from '#accounts';
import { tokenOf } from './sign-in.ts';
import { startApp, TEST_SECRET, type TestApp } from './start-app.ts';

export interface DemoApp extends TestApp {
  /** The sample application; it listens on a port if `listen` is true. */
  upstream: UpstreamApp;
  /** Opens a session of a user of the sample data; null when the user no longer exists. */
  signIn(username: string): Promise<string | null>;
}

/**
 * Wires the program on a database that holds the sample data of `tollgate demo`, with a clock that does not advance.
 */
export async function startDemoApp({ now, listen = false }: { now?: Date; listen?: boolean } = {}): Promise<DemoApp> {
  const app = await startApp({
    seed: false,
    ...(now === undefined ? {} : { now }),
    config: {
      site_title: 'Coworking Space',
      site_email: 'support@cowork.example.com',
      password_length_min: 4,
      terms_required: false,
    },
  });
  const upstream = createUpstreamApp({ now: () => app.clock.now() });
  const upstream_url = listen ? await upstream.listen() : 'http://127.0.0.1:9/';
  await seedDemo({
    database: app.database,
    clock: app.clock,
    log: pino({ level: 'silent' }),
    secret: TEST_SECRET,
    config: app.config,
    upstream,
    upstream_url,
    bare: false,
  });
  return {
    ...app,
    upstream,
    async close() {
      await app.close();
      await upstream.close();
    },
    async signIn(username) {
      const user = await findUserByUsername(app.db, username);
      return user ? tokenOf(app, user) : null;
    },
  };
}
