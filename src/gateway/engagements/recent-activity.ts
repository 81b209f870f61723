import { printableName, selectUsers } from '#accounts';
import { startOfDay } from '#kernel/instant';
import { listRecentCharges } from '#payments';
import type { Reader } from '#platform/db/database';

/** Something that happened today. */
export interface RecentActivity {
  readonly slug: string;
  readonly printable_name: string;
  readonly descr: string;
  readonly created_at: string;
  readonly type: string;
}

const each_max = 5;

/** Lists who signed in and who was charged since midnight, by name; five of each at most. */
export async function listRecent(reader: Reader, now: Date, timezone: string): Promise<RecentActivity[]> {
  const since = startOfDay(now, timezone);
  const users = await selectUsers(reader)
    .where('users.last_login_at', '>=', since)
    .orderBy('users.last_login_at', 'desc')
    .limit(each_max)
    .execute();
  const charges = await listRecentCharges(reader, since, each_max);
  const logins = users.flatMap((user) => {
    if (user.last_login_at === null) return [];
    const created_at = user.last_login_at.toISOString();
    return [
      {
        slug: user.username,
        printable_name: printableName(user),
        descr: 'recently logged in',
        created_at,
        type: 'user',
      },
    ];
  });
  const paid = charges.map(({ slug, printable_name, type, state, created_at }) => ({
    slug,
    printable_name,
    descr: state === 'failed' ? 'charge failed' : 'charge paid',
    created_at: created_at.toISOString(),
    type,
  }));
  return [...logins, ...paid].sort((a, b) => a.printable_name.localeCompare(b.printable_name));
}

/** Counts the users whose last sign-in was yesterday, by the calendar of `timezone`. */
export async function countActiveYesterday(reader: Reader, now: Date, timezone: string): Promise<number> {
  const today = startOfDay(now, timezone);
  const yesterday = startOfDay(new Date(today.getTime() - 1), timezone);
  const row = await reader
    .selectFrom(selectUsers(reader).as('users'))
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('users.last_login_at', '>=', yesterday)
    .where('users.last_login_at', '<', today)
    .executeTakeFirstOrThrow();
  return row.count;
}
