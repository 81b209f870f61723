import { sql } from 'kysely';
import type { ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';

/** Kind of the notice that records a sent report; its occurrence is the end of the week. */
export const REPORT_NOTICE = 'period_sales_report';

/** A provider that gets a report. */
export interface ReportedProvider {
  id: ProfileId;
  timezone: string;
  created_at: Date;
  /** End of the week of the last report that was sent. */
  reported_until: string | null;
}

/** Returns active providers by id, with an id above `after`. Index for the last report: primary key of sent_notices. */
export async function findReportedProviders(
  reader: Reader,
  { after, limit }: { after: ProfileId | null; limit: number },
): Promise<ReportedProvider[]> {
  return reader
    .selectFrom('profiles')
    .select(['id', 'default_timezone as timezone', 'created_at'])
    .select((eb) =>
      eb
        .selectFrom('sent_notices as sent')
        .select((last) => last.fn.max('sent.occurrence').as('occurrence'))
        .where('sent.kind', '=', REPORT_NOTICE)
        .whereRef('sent.subject_id', '=', 'profiles.id')
        .as('reported_until'),
    )
    .where('is_provider', '=', true)
    .where('is_active', '=', true)
    .$if(after !== null, (query) => query.where('id', '>', after))
    .orderBy('id')
    .limit(limit)
    .execute();
}

const NAMES_MAX = 25;

/** Counts users and profiles of a period, with the names of the first 25 of these profiles. */
export async function findNewPeople(reader: Reader, { starts_at, ends_at }: { starts_at: Date; ends_at: Date }) {
  const { rows } = await sql<{ users_count: number; profiles_count: number; names: string[] }>`select
    (select count(*)::int from users where created_at >= ${starts_at} and created_at < ${ends_at}) as users_count,
    (select count(*)::int from profiles where created_at >= ${starts_at} and created_at < ${ends_at}) as profiles_count,
    array(select coalesce(nullif(full_name, ''), slug) from profiles
      where created_at >= ${starts_at} and created_at < ${ends_at} order by id limit ${sql.lit(NAMES_MAX)}) as names`.execute(
    reader,
  );
  return rows[0] ?? { users_count: 0, profiles_count: 0, names: [] };
}
