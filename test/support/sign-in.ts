import { makeAccountsSettings, openSession, type User } from '#accounts';
import { inTransaction } from '#platform/db/database';
import { makeThrottle } from '#platform/security/throttle';
import { TEST_SECRET, type TestApp } from './start-app.ts';

/** Opens a session for a user without the password; returns its token. */
export async function tokenOf(app: TestApp, user: User): Promise<string> {
  const throttle = makeThrottle(() => performance.now());
  const settings = makeAccountsSettings({ ...app.config, secret_key: TEST_SECRET, throttle });
  const opened = await inTransaction(app.db, (tx) =>
    openSession(tx, settings, { user, kind: 'token', peer: null }, app.clock.now()),
  );
  return opened.token;
}
