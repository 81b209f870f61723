import { selectUsers, type User } from '#accounts';
import type { Reader } from '#platform/db/database';

/** Finds the users who signed in since an instant (inclusive), latest first. */
export async function findRecentSignIns(reader: Reader, since: Date, count_max: number): Promise<User[]> {
  return selectUsers(reader)
    .where('users.last_login_at', '>=', since)
    .orderBy('users.last_login_at', 'desc')
    .limit(count_max)
    .execute();
}

/** Counts the users whose last sign-in is in a period; `from` is inclusive, `until` exclusive. */
export async function countSignIns(reader: Reader, from: Date, until: Date): Promise<number> {
  const row = await reader
    .selectFrom(selectUsers(reader).as('users'))
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('users.last_login_at', '>=', from)
    .where('users.last_login_at', '<', until)
    .executeTakeFirstOrThrow();
  return row.count;
}
