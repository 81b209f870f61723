import type { User } from '#accounts';
import { makeSubscriptionEnding } from '#billing';
import type { Plan } from '#catalog';
import { inTransaction, type Db } from '#platform/db/database';
import { createOrganization, createPersonalProfile, type Profile } from '#profiles';
import { openOrExtend, type Subscription } from '#subscriptions';
import { ordinaryDay, type TestContext } from '../context.ts';
import { next } from '../factories.ts';
import { makeUser } from './accounts.ts';

export interface Person {
  user: User;
  profile: Profile;
}

/** Makes a user with a personal profile. */
export async function makePerson(db: Db, username: string = next('person')): Promise<Person> {
  const user = await makeUser(db, { username });
  const profile = await inTransaction(db, (tx) => createPersonalProfile(tx, user, ordinaryDay));
  return { user, profile };
}

/** Makes a provider and its manager. */
export async function makeSeller(db: Db, slug: string = next('seller')): Promise<Person> {
  const user = await makeUser(db);
  const fields = { full_name: slug, is_provider: true };
  const profile = await inTransaction(db, (tx) => createOrganization(tx, { slug, manager: user, fields }, ordinaryDay));
  return { user, profile };
}

/** Subscribes a profile as an order does, for natural periods from now. */
export async function subscribe(
  ctx: TestContext,
  profile: Pick<Profile, 'id'>,
  plan: Plan,
  periods_count = 1,
): Promise<Subscription> {
  const opening = { profile_id: profile.id, plan, periods_count, at: ctx.clock.now() };
  return (await inTransaction(ctx.db, (tx) => openOrExtend(tx, opening))).subscription;
}

/** How subscriptions and requests end, as the program wires it. */
export const endingsOf = ({ processors }: Pick<TestContext, 'processors'>) => makeSubscriptionEnding(processors);
