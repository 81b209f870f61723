import { findUserByUsername } from '#accounts';
import { inTransaction } from '#platform/db/database';
import { createOrganization, findProfileBySlug, makeManager, type Profile } from '#profiles';
import { apiClient, registerPerson } from './client.ts';
import type { TestApp } from './start-app.ts';

/** Registers somebody and makes that person a manager of the operator's profile; answers a client of theirs. */
export async function registerOperator(app: TestApp, username: string) {
  const token = await registerPerson(app, username);
  await inTransaction(app.db, async (tx) => {
    const [user, broker] = [await findUserByUsername(tx, username), await findProfileBySlug(tx, 'cowork')];
    if (!user || !broker) throw new Error('the test site has a user of that name and a broker');
    await makeManager(tx, broker, user, app.clock.now());
  });
  return apiClient(app, token);
}

/** Registers somebody who manages a profile that sells; answers a client of theirs and the profile. */
export async function registerSeller(app: TestApp, username: string, slug: string) {
  const token = await registerPerson(app, username);
  const profile: Profile = await inTransaction(app.db, async (tx) => {
    const user = await findUserByUsername(tx, username);
    if (!user) throw new Error('who registered is there');
    const fields = { full_name: slug, is_provider: true };
    return createOrganization(tx, { slug, manager: user, fields }, app.clock.now());
  });
  return { call: apiClient(app, token), profile };
}
