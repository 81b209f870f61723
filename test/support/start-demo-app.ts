import { pino } from 'pino';
import { seedDemo } from '../../src/demo/seed-demo.ts';
import { findUserByUsername } from '#accounts';
import { tokenOf } from './sign-in.ts';
import { startApp, TEST_SECRET, type TestApp } from './start-app.ts';

export interface DemoApp extends TestApp {
  /** Opens a session of a user of the sample data; null when the user no longer exists. */
  signIn(username: string): Promise<string | null>;
}

/** Wires the program on a database that holds the sample data of `tollgate demo`, with a clock that stands still. */
export async function startDemoApp(now?: Date): Promise<DemoApp> {
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
  await seedDemo({
    database: app.database,
    clock: app.clock,
    log: pino({ level: 'silent' }),
    secret: TEST_SECRET,
    config: app.config,
    upstream: { setKey: () => {} },
    upstream_url: 'http://127.0.0.1:9',
    bare: false,
  });
  return {
    ...app,
    async signIn(username) {
      const user = await findUserByUsername(app.db, username);
      return user ? tokenOf(app, user) : null;
    },
  };
}
