import type { FastifyRequest } from 'fastify';
import type { Money } from '#kernel/money';
import type { AskedList } from '#platform/pages/lists/ask-list';
import type { Notice } from '#platform/pages/lists/list-view';
import { viewList } from '#platform/pages/lists/list-view';
import type { ListView } from '#platform/pages/lists/list-view-schema';
import { humanizeSums } from '#platform/templates/humanize-money';
import type { ChargeFilter } from '../charges/index.ts';
import type { ChargeState } from '../records/index.ts';
import type { chargesList, chargesPage } from './charge-list-page-type.ts';

export type AskedCharges = AskedList<typeof chargesList>;
export type ChargesView = (typeof chargesPage)['samples']['typical'];

/** What the list of the site and the list of a seller read differently. */
export interface FoundCharges {
  count: number;
  /** Sums of the listed charges by unit; null when they are not known. */
  sums: readonly Money[] | null;
  /** Number of charges by state, several rows for one state allowed; null when they are not counted. */
  states: readonly { state: ChargeState; count: number }[] | null;
  empty: Notice;
  csv_path: string;
}

/** Returns the filter of the store that the tab and the chips of a list of charges ask for. */
export function filterOf({ tab, filters }: AskedCharges): ChargeFilter {
  return { state: tab === '' ? null : tab, amount: filters.amount };
}

/** Makes the list of a page of charges: its total, and the counts of its tabs. Pure. */
export function viewChargeList({ ctx }: FastifyRequest, asked: AskedCharges, found: FoundCharges): ListView {
  const { count, sums, states, empty, csv_path } = found;
  return viewList(asked, {
    count,
    empty,
    total: count === 0 || sums === null || sums.length === 0 ? null : `${humanizeSums(sums, ctx.lang)} in total`,
    csv_path,
    ...(states === null ? {} : { tab_counts: countByTab(states) }),
  });
}

/** Names the lines of a charge: the first one and how many more, or `unnamed` for a charge of the first version. */
export function describeLines({ title, lines_count }: { title: string; lines_count: number }, unnamed: string): string {
  const first = title === '' ? unnamed : title;
  return lines_count > 1 ? `${first} and ${lines_count - 1} more` : first;
}

/** Counts of the tabs; refunded charges are not counted, because each one would be looked up. */
function countByTab(states: readonly { state: ChargeState; count: number }[]): Record<string, number> {
  const counts: Record<string, number> = { '': 0, done: 0, created: 0, failed: 0, disputed: 0 };
  for (const { state, count } of states) {
    counts[state] = (counts[state] ?? 0) + count;
    counts[''] = (counts[''] ?? 0) + count;
  }
  return counts;
}
