import assert from 'node:assert/strict';
import type { TestApp } from './start-app.ts';

/** Makes an e-mail address the verified address of a user, as if the user had followed the link in a message. */
export async function ownAddress(app: TestApp, username: string, email: string): Promise<void> {
  const email_verified_at = app.clock.now();
  const updated = await app.db
    .updateTable('users')
    .set({ email, email_verified_at })
    .where('username', '=', username)
    .executeTakeFirst();
  assert.equal(updated.numUpdatedRows, 1n);
}
