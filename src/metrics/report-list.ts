import type { FastifyRequest } from 'fastify';
import { isTimeZone } from '#kernel/instant';
import type { ListQuery } from '#kernel/page';
import { invalidInput } from '#kernel/problem';

/**
 * Reads the parameters of a list of a report. Instants without an offset are read in `timezone` of the query, else in
 * that of the profile.
 *
 * @throws invalid_input (400) naming `timezone`, `start_at` or `ends_at`
 */
export function readReportList(
  request: Pick<FastifyRequest, 'list'>,
  { timezone }: { timezone?: string | undefined },
  profile_timezone: string,
): ListQuery {
  if (timezone !== undefined && timezone !== '' && !isTimeZone(timezone))
    throw invalidInput({ timezone: ['Enter a time zone of the IANA database, such as Europe/Paris.'] });
  const list = request.list(profile_timezone);
  if (list.start_at !== null && list.ends_at !== null && list.start_at >= list.ends_at)
    throw invalidInput({ start_at: ['The start must be before the end.'] });
  return list;
}
