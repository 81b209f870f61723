import type { Room } from '#platform/room';
import { sealLedgerJob } from './chain/index.ts';
import type { LedgerCheck } from './check.ts';
import { documentPages, documentRoutes } from './documents/index.ts';
import { readLedgerGauges } from './ledger-gauges.ts';
import { ledgerRoutes } from './routes.ts';
import { transactionPages, transactionPageTypes } from './transactions/index.ts';
import { verifyLedgerJob } from './verification/index.ts';

interface LedgerNeeds {
  /** Rules of other rooms that the nightly verification checks. */
  checks: readonly LedgerCheck[];
}

/** Makes the room of entries, balances and statements. */
export function makeLedger({ checks }: LedgerNeeds): Room {
  return {
    name: 'ledger',
    routes(app) {
      ledgerRoutes(app);
      documentRoutes(app);
    },
    pages(app) {
      transactionPages(app);
      documentPages(app);
    },
    page_types: transactionPageTypes,
    jobs: [sealLedgerJob, verifyLedgerJob(checks)],
    gauges: [readLedgerGauges],
  };
}
