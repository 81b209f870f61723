import type { Context } from '#platform/context';
import type { AskedList } from '#platform/pages/lists/ask-list';
import { getBroker } from '#profiles';
import type { failedWorkListPage, scheduleListPage } from './page-types.ts';

/** Filters of the room's lists, from the tabs and filters of their pages. */
export function schedulesFilter({ tab }: AskedList<typeof scheduleListPage>) {
  return { outcome: tab === '' ? null : tab };
}

export function failedFilter({ tab, filters }: AskedList<typeof failedWorkListPage>) {
  return { state: tab === '' ? null : tab, kind: filters.kind };
}

/** Returns the zone in which the broker reads the days of the lists. */
export async function brokerTimezone(ctx: Pick<Context, 'db' | 'site'>): Promise<string> {
  return (await getBroker(ctx.db, ctx.site)).default_timezone;
}
