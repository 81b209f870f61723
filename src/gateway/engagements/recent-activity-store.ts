import { selectUsers, type User } from '#accounts';
import { builtOnce } from '#platform/db/built-once';
import type { Reader } from '#platform/db/database';
import { part, readTogether } from '#platform/db/together';
import { selectTagCounts, type TagCount } from './engagement-store.ts';

/** Finds the users who signed in since an instant (inclusive), latest first. */
export async function findRecentSignIns(reader: Reader, since: Date, count_max: number): Promise<User[]> {
  return selectUsers(reader)
    .where('users.last_login_at', '>=', since)
    .orderBy('users.last_login_at', 'desc')
    .limit(count_max)
    .execute();
}

const engagement = readTogether(
  (reader, from: Date, until: Date) => ({
    tags: part(selectTagCounts(reader), {}),
    sign_ins: part(
      reader
        .selectFrom(selectUsers(reader).as('users'))
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .where('users.last_login_at', '>=', from)
        .where('users.last_login_at', '<', until),
      {},
    ),
  }),
  builtOnce,
);

/**
 * Counts the users of each tag, and those whose last sign-in is in a period, in one statement; `from` is inclusive,
 * `until` exclusive.
 */
export async function countEngagement(
  reader: Reader,
  from: Date,
  until: Date,
): Promise<{ tags: TagCount[]; sign_ins_count: number }> {
  const { tags, sign_ins } = await engagement(reader, from, until);
  return { tags, sign_ins_count: sign_ins[0]?.count ?? 0 };
}
