import { selectUsers, selectVerifiers, type User, userPart } from '#accounts';
import { canonicalName } from '#kernel/slug';
import { builtOnce, oneOf } from '#platform/db/built-once';
import type { UserId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import { part, readTogether } from '#platform/db/together';
import { type HeldRole, selectHeldRoles } from '#profiles';

const preferences = readTogether((reader, username: string) => {
  const users = selectUsers(reader).where('users.username', '=', username);
  const ids = users.clearSelect().select('users.id').$castTo<{ id: UserId }>();
  return {
    users: userPart(users),
    optouts: part(
      reader.selectFrom('notification_optouts').select('event').where('user_id', 'in', ids).orderBy('event'),
      {},
    ),
    held: part(selectHeldRoles(reader).where('roles.user_id', 'in', ids), { created_at: true, accepted_at: true }),
  };
});

/** Reads a user by name with the roles and the opt-outs of the user, in one statement. */
export async function findUserWithOptouts(
  reader: Reader,
  username: string,
): Promise<{ user: User; optouts: string[]; held: HeldRole[] } | undefined> {
  const { users, optouts, held } = await preferences(reader, canonicalName(username));
  const [user] = users;
  return user && { user, optouts: optouts.map(({ event }) => event), held };
}

/** Deletes all opt-outs of a user: every event is mailed again. */
export async function deleteOptouts(tx: Tx, user_id: UserId): Promise<void> {
  await tx.deleteFrom('notification_optouts').where('user_id', '=', user_id).execute();
}

/** Users who opted out, by event. */
export type OptedOut = ReadonlyMap<string, ReadonlySet<UserId>>;

const optoutsOf = builtOnce(
  (reader, user_ids: readonly UserId[], addresses: readonly string[], events: readonly string[]) =>
    reader
      .selectFrom('notification_optouts')
      .select(['user_id', 'event'])
      .where(({ eb, or }) =>
        or([eb('user_id', '=', oneOf(user_ids, 'bigint')), eb('user_id', 'in', selectVerifiers(reader, addresses))]),
      )
      .where('event', '=', oneOf(events, 'text')),
);

/** Users by their id, and by the addresses in lower case that they have verified. */
export interface People {
  user_ids: readonly UserId[];
  addresses: readonly string[];
}

/** Finds those of these users who opted out of one of the events, in one query. */
export async function findOptedOut(reader: Reader, people: People, events: readonly string[]): Promise<OptedOut> {
  const rows = await optoutsOf(
    reader,
    [...new Set(people.user_ids)],
    [...new Set(people.addresses)],
    [...new Set(events)],
  );
  const groups = Map.groupBy(rows, ({ event }) => event);
  return new Map([...groups].map(([event, some]) => [event, new Set(some.map(({ user_id }) => user_id))]));
}

/** Replaces the opt-outs of a user from `offered` events; opt-outs from other events stay. */
export async function replaceOptouts(
  tx: Tx,
  user_id: UserId,
  choices: { offered: readonly string[]; opted_out: readonly string[] },
  at: Date,
): Promise<void> {
  await tx
    .deleteFrom('notification_optouts')
    .where('user_id', '=', user_id)
    .where('event', 'in', [...choices.offered])
    .execute();
  if (choices.opted_out.length === 0) return;
  await tx
    .insertInto('notification_optouts')
    .values(choices.opted_out.map((event) => ({ user_id, event, created_at: at })))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
