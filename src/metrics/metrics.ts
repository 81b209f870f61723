import type { Room } from '#platform/room';
import { balancesRoutes } from './balances/index.ts';
import { dashboardPage, dashboardPages } from './dashboard/index.ts';

/** Makes the room of reports. */
export function makeMetrics(): Room {
  return { name: 'metrics', routes: balancesRoutes, pages: dashboardPages, page_types: [dashboardPage] };
}
