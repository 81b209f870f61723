import type { Room } from '#platform/room';
import { ledgerRoutes } from './routes.ts';
import { transactionPages, transactionPageTypes } from './transactions/index.ts';

/** Makes the room of entries, balances and statements. */
export function makeLedger(): Room {
  return { name: 'ledger', routes: ledgerRoutes, pages: transactionPages, page_types: transactionPageTypes };
}
