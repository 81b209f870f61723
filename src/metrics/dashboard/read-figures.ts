import { startOfDay } from '#kernel/instant';
import type { Money } from '#kernel/money';
import { mergeReads } from '#platform/db/merge-reads';
import type { Reader } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import { sumRevenue } from '../recurring/index.ts';
import {
  type ComingFigures,
  countComing,
  countFailed,
  countSubscriptions,
  type FailedFigures,
  findLatestCharges,
  type LatestCharge,
  type MoneyInPeriod,
  type SubscriptionFigures,
  sumDue,
  sumMoneyIn,
  sumTroubledCharges,
  type TroubledCharges,
} from './dashboard-store.ts';

/** Figures of the home of a seller, those of each list by currency. */
export interface Figures {
  by_period: readonly MoneyInPeriod[];
  today: readonly MoneyInPeriod[];
  counts: readonly SubscriptionFigures[];
  recurring: readonly Money[];
  due: readonly (Money & { subscribers_count: number })[];
  failed: readonly FailedFigures[];
  coming: readonly ComingFigures[];
  troubled: readonly TroubledCharges[];
  latest: readonly LatestCharge[];
}

/** Days before now of which charges that failed are shown. */
export const FAILED_DAYS = 30;
const LATEST_MAX = 5;
const DAY_MS = 86_400_000;

interface Times {
  /** Bounds of the periods of the chart. */
  bounds: readonly Date[];
  now: Date;
  /** Exclusive end of a time that includes now. */
  end: Date;
  /** Exclusive end of the days that come. */
  week: Date;
  timezone: string;
}

/** Reads the figures of a seller, in one statement. */
export async function readFigures(
  reader: Reader,
  id: ProfileId,
  { bounds, now, end, week, timezone }: Times,
): Promise<Figures> {
  const since = new Date(now.getTime() - FAILED_DAYS * DAY_MS);
  const [by_period, today, counts, recurring, due, failed, coming, troubled, latest] = await mergeReads(reader, [
    (together) => sumMoneyIn(together, id, bounds),
    (together) => sumMoneyIn(together, id, [startOfDay(now, timezone), end]),
    (together) => countSubscriptions(together, id, now),
    (together) => sumRevenue(together, id, end),
    (together) => sumDue(together, id, end),
    (together) => countFailed(together, id),
    (together) => countComing(together, id, now, week),
    (together) => sumTroubledCharges(together, id, since),
    (together) => findLatestCharges(together, id, LATEST_MAX),
  ]);
  return { by_period, today, counts, recurring, due, failed, coming, troubled, latest };
}
