import type { Reader } from '#platform/db/database';
import type { Reported } from '../provider.ts';
import type { ReportPeriods } from '../report-periods.ts';
import { rowsOf } from '../rows-of.ts';
import type { Report, Series } from '../series.ts';
import { countCohorts } from './recurring-store.ts';

export const cohorts_definition =
  'A cohort is the subscribers whose recurring revenue began in a period. Values: those of them with recurring revenue ' +
  'before the end of each period from then on, and in extra their recurring revenue per month at that instant.';

/** Reports how many subscribers of each period are still subscribed at the end of later periods. */
export async function reportCohorts(
  reader: Reader,
  { provider, unit }: Reported,
  { bounds }: ReportPeriods,
): Promise<Report> {
  const cells = await countCohorts(reader, provider.id, unit, bounds);
  const found = new Map(cells.map((cell) => [`${cell.cohort} ${cell.position}`, cell]));
  const series = (of: 'profiles_count' | 'amount') =>
    bounds.slice(0, -1).map((start_at, index): Series => {
      const ends = bounds.slice(index + 1);
      const valueAt = (position: number) => found.get(`${index + 1} ${position}`)?.[of] ?? 0;
      return {
        slug: start_at.toISOString(),
        title: start_at.toISOString(),
        values: ends.map((end, place) => [end.toISOString(), valueAt(index + 2 + place)]),
        links: ends.map((ends_at) =>
          rowsOf('movements', { unit, cohort_start_at: start_at, cohort_ends_at: bounds[index + 1], ends_at }),
        ),
      };
    });
  return {
    title: 'Cohorts',
    definition: cohorts_definition,
    results: series('profiles_count'),
    extra: series('amount'),
  };
}
