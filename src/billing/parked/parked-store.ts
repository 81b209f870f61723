import type { Selectable } from 'kysely';
import type { ListQuery, Page } from '#kernel/page';
import { cutText } from '#kernel/text';
import type { ParkedProfilesTable, ProfileId, UserId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import { fragment, type Fragment } from '#platform/db/fragment';
import { defineList, listPage } from '#platform/db/list';
import { selectProfileNames } from '#profiles';

/** Jobs that leave a profile alone while its books break a rule. */
export type ParkingJob = 'recognise_income' | 'renew_subscriptions';

/** A profile whose books break a rule: a job leaves it alone until it is released. */
export type ParkedProfile = Selectable<ParkedProfilesTable>;

const REASON_LENGTH_MAX = 2000;

/**
 * Parks a profile for a job, with the reason. A profile that is parked already keeps its instant; its attempts are
 * counted.
 */
export async function park(
  tx: Tx,
  { profile_id, job, reason }: { profile_id: ProfileId; job: ParkingJob; reason: string },
  at: Date,
): Promise<void> {
  await tx
    .insertInto('parked_profiles')
    .values({ profile_id, job, reason: cutText(reason, REASON_LENGTH_MAX), parked_at: at })
    .onConflict((conflict) =>
      conflict.columns(['profile_id', 'job']).doUpdateSet((eb) => ({
        reason: eb.ref('excluded.reason'),
        attempts_count: eb('parked_profiles.attempts_count', '+', 1),
        parked_at: eb
          .case()
          .when('parked_profiles.released_at', 'is', null)
          .then(eb.ref('parked_profiles.parked_at'))
          .else(eb.ref('excluded.parked_at'))
          .end(),
        released_at: null,
        released_by: null,
      })),
    )
    .execute();
}

/** Releases a profile: the next run of the job tries it again. Returns undefined if it is not parked. */
export async function release(
  tx: Tx,
  { profile_id, job }: { profile_id: ProfileId; job: string },
  { by, at }: { by: UserId | null; at: Date },
): Promise<ParkedProfile | undefined> {
  return tx
    .updateTable('parked_profiles')
    .set({ released_at: at, released_by: by })
    .where('profile_id', '=', profile_id)
    .where('job', '=', job)
    .where('released_at', 'is', null)
    .returningAll()
    .executeTakeFirst();
}

/** True if a job leaves a profile alone. */
export async function isParked(reader: Reader, profile_id: ProfileId, job: ParkingJob): Promise<boolean> {
  const row = await reader
    .selectFrom('parked_profiles')
    .select('profile_id')
    .where('profile_id', '=', profile_id)
    .where('job', '=', job)
    .where('released_at', 'is', null)
    .executeTakeFirst();
  return row !== undefined;
}

/** Returns the condition that a profile is not parked for a job, for the statement that selects its next profiles. */
export function unparkedRows(profile_id: Fragment, job: ParkingJob): Fragment {
  // Index: primary key of parked_profiles.
  return fragment`not exists (select from parked_profiles parked where parked.profile_id = ${profile_id}
    and parked.job = ${job} and parked.released_at is null)`;
}

/** The list of parked profiles. Index: parked_profiles_parked_at. */
export const parkedList = defineList({
  search: { reason: 'parked.reason', profile: 'profile.slug', profile__full_name: 'profile.full_name' },
  sort: { parked_at: 'parked.parked_at' },
  default_order: [{ column: 'parked.parked_at', descending: true }],
  tie_breaker: 'parked.profile_id',
  date: 'parked.parked_at',
});

/** Returns a page of the profiles that are parked, the last one first. */
export async function listParked(
  reader: Reader,
  list: ListQuery,
  url: URL,
): Promise<Page<ParkedProfile & { slug: string; full_name: string }>> {
  const rows = reader
    .selectFrom('parked_profiles as parked')
    .innerJoin(selectProfileNames(reader).as('profile'), 'profile.id', 'parked.profile_id')
    .selectAll('parked')
    .select(['profile.slug', 'profile.full_name'])
    .where('parked.released_at', 'is', null);
  return listPage(reader, rows, parkedList, list, url);
}

/** Counts the parked profiles, once for each job. Index: parked_profiles_parked_at. */
export async function countParked(reader: Reader): Promise<number> {
  const { count } = await reader
    .selectFrom('parked_profiles')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('released_at', 'is', null)
    .executeTakeFirstOrThrow();
  return Number(count);
}
