import type { Room } from '#platform/room';
import { balancesRoutes } from './balances/index.ts';

/** Makes the room of reports. */
export function makeMetrics(): Room {
  return { name: 'metrics', routes: balancesRoutes };
}
