import { printableName } from '#accounts';
import { startOfDay } from '#kernel/instant';
import { findRecentCharges } from '#payments';
import type { Reader } from '#platform/db/database';
import { mergeReads } from '#platform/db/merge-reads';
import { countEngagement, findRecentSignIns } from './recent-activity-store.ts';

/** A sign-in or a charge of today. */
export interface RecentActivity {
  readonly slug: string;
  readonly printable_name: string;
  readonly descr: string;
  readonly created_at: string;
  readonly type: string;
}

const each_max = 5;

/** Finds the sign-ins and charges since midnight in `timezone`, ordered by name; at most five of each. */
export async function findRecentActivity(reader: Reader, now: Date, timezone: string): Promise<RecentActivity[]> {
  const since = startOfDay(now, timezone);
  const [users, charges] = await mergeReads(reader, [
    (together) => findRecentSignIns(together, since, each_max),
    (together) => findRecentCharges(together, since, each_max),
  ]);
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

/** Counts the users of each tag, and those whose last sign-in was yesterday in `timezone`. */
export async function readEngagement(reader: Reader, now: Date, timezone: string) {
  const today = startOfDay(now, timezone);
  const yesterday = startOfDay(new Date(today.getTime() - 1), timezone);
  const { tags, sign_ins_count } = await countEngagement(reader, yesterday, today);
  return { engagements: tags, active_users: sign_ins_count };
}
