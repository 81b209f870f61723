import type { FastifyRequest } from 'fastify';
import { requireRange } from '#kernel/list-range';
import type { ListQuery } from '#kernel/page';

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
  requireRange({ start_at: null, ends_at: null }, timezone);
  const list = request.list(profile_timezone);
  requireRange(list);
  return list;
}
