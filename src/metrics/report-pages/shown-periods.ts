import { isPeriodType, type PeriodType, periodTypes } from '#kernel/period';
import { dayOf, parseBound } from '#platform/pages/lists/day-range';
import { periodsShown } from '../period-bounds.ts';
import { readPeriods, type ReportPeriods } from '../report-periods.ts';

const labels: Readonly<Record<PeriodType, string>> = {
  hourly: 'Hours',
  daily: 'Days',
  weekly: 'Weeks',
  monthly: 'Months',
  yearly: 'Years',
};

/** Fields of the form that chooses the periods of a page. */
export interface PeriodControls {
  period_type: PeriodType;
  types: { value: string; label: string; is_selected: boolean }[];
  nb_periods: number;
  /** Last day, inclusive. */
  ends_at: string;
}

/** The periods of a page, and those of the same number before them. */
export interface ShownPeriods {
  periods: ReportPeriods;
  before: ReportPeriods;
  controls: PeriodControls;
  is_running: boolean;
}

/**
 * Reads the periods of the address of a page in the zone of the profile. Parameters without a meaning are left out. A
 * day in `ends_at` is included; the end is never after `now`.
 */
export function readShownPeriods(search: URLSearchParams, timezone: string, now: Date): ShownPeriods {
  const type_text = search.get('period_type') ?? '';
  const type = isPeriodType(type_text) ? type_text : 'monthly';
  const count_text = search.get('nb_periods') ?? '';
  const count = /^(?:[1-9]\d?|100)$/.test(count_text) ? Number(count_text) : periodsShown[type];
  // The end includes this instant.
  const latest = new Date(now.getTime() + 1);
  const asked = parseBound('ends_at', search.get('ends_at') ?? '', timezone);
  const ends_at = asked !== null && asked < latest ? asked : latest;
  const read = (end: Date) =>
    readPeriods({ period_type: type, nb_periods: String(count), ends_at: end.toISOString() }, timezone, now);
  const periods = read(ends_at);
  const start = periods.bounds[0] ?? ends_at;
  return {
    periods,
    before: read(start),
    controls: {
      period_type: type,
      types: periodTypes.map((value) => ({ value, label: labels[value], is_selected: value === type })),
      nb_periods: count,
      ends_at: dayOf(new Date(ends_at.getTime() - 1), timezone),
    },
    is_running: ends_at === latest,
  };
}
