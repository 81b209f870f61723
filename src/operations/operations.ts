import type { Room } from '#platform/room';
import { messagePageTypes } from './message-page-types.ts';
import { operationPageTypes } from './page-types.ts';
import { operationPages } from './pages.ts';
import { operationRoutes } from './routes.ts';
import { readWorkGauges } from './work-gauges.ts';

/** Makes the room with the broker's view of background work. */
export function makeOperations(): Room {
  return {
    name: 'operations',
    routes: operationRoutes,
    pages: operationPages,
    page_types: [...operationPageTypes, ...messagePageTypes],
    gauges: [readWorkGauges],
  };
}
