import type { PeriodType } from '#kernel/period';
import { paths } from '#platform/http/paths';

/** Length of the periods of the home: those of its chart, and of what its tiles count. */
export type ShownPeriod = 'week' | 'month' | 'year';

/** Calendar periods of the chart, the running one included, and the words of the tiles. */
export const shown_periods: Readonly<
  Record<ShownPeriod, { label: string; type: PeriodType; count: number; running: string; before: string }>
> = {
  week: { label: 'Weeks', type: 'weekly', count: 13, running: 'this week', before: 'in the week before' },
  month: { label: 'Months', type: 'monthly', count: 13, running: 'this month', before: 'in the month before' },
  year: { label: 'Years', type: 'yearly', count: 5, running: 'this year', before: 'in the year before' },
};

const DEFAULT: ShownPeriod = 'month';

/** Reads the period of the address; months when it names none of these. */
export function readShownPeriod(query: unknown): ShownPeriod {
  const text: unknown = typeof query === 'object' && query !== null ? Reflect.get(query, 'period') : undefined;
  return text === 'week' || text === 'year' ? text : DEFAULT;
}

/** Links to the home with each period. */
export function periodLinks(slug: string, shown: ShownPeriod): { label: string; href: string; is_current: boolean }[] {
  return (['week', 'month', 'year'] as const).map((period) => ({
    label: shown_periods[period].label,
    href: paths.dashboard(slug, period === DEFAULT ? undefined : period),
    is_current: period === shown,
  }));
}
