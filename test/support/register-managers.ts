import { findUserByUsername } from '#accounts';
import { inTransaction } from '#platform/db/database';
import { createOrganization, findProfileBySlug, makeManager, type Profile } from '#profiles';
import { apiClient, registerUser } from './client.ts';
import type { TestApp } from './start-app.ts';

/** Registers a user, makes the user a manager of the broker's profile, and returns a client of that user. */
export async function registerBrokerManager(app: TestApp, username: string) {
  const token = await registerUser(app, username);
  await inTransaction(app.db, async (tx) => {
    const [user, broker] = [await findUserByUsername(tx, username), await findProfileBySlug(tx, 'cowork')];
    if (!user || !broker) throw new Error('the test site has no user of that name or no broker');
    await makeManager(tx, broker, user, app.clock.now());
  });
  return apiClient(app, token);
}

/** Registers a user who manages a provider; returns a client of that user and the profile. */
export async function registerProvider(app: TestApp, username: string, slug: string) {
  const token = await registerUser(app, username);
  const profile: Profile = await inTransaction(app.db, async (tx) => {
    const user = await findUserByUsername(tx, username);
    if (!user) throw new Error('the registered user was not found');
    const fields = { full_name: slug, is_provider: true };
    return createOrganization(tx, { slug, manager: user, fields }, app.clock.now());
  });
  return { call: apiClient(app, token), profile };
}
