import { isTimeZone } from './instant.ts';
import type { ListQuery } from './page.ts';
import { invalidInput } from './problem.ts';

/**
 * Requires that the zone of a list exists and that its time has a length. For lists of reports: others ignore a zone
 * that does not exist and have no row for such a time.
 *
 * @throws invalid_input (400) naming `timezone` or `start_at`
 */
export function requireRange({ start_at, ends_at }: Pick<ListQuery, 'start_at' | 'ends_at'>, timezone?: string): void {
  if (timezone !== undefined && timezone !== '' && !isTimeZone(timezone))
    throw invalidInput({ timezone: ['Enter a time zone of the IANA database, such as Europe/Paris.'] });
  if (start_at !== null && ends_at !== null && start_at >= ends_at)
    throw invalidInput({ start_at: ['The start must be before the end.'] });
}
