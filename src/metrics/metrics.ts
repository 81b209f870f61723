import type { Room } from '#platform/room';
import { balanceSheetPage, balanceSheetPages, balancesRoutes } from './balances/index.ts';
import {
  customerPages,
  customerPageTypes,
  customerRoutes,
  federationPage,
  federationPages,
} from './customers/index.ts';
import { dashboardPage, dashboardPages } from './dashboard/index.ts';
import { deferredRoutes } from './deferred/index.ts';
import { verifyFiguresJob } from './jobs.ts';
import { moneyRoutes } from './money/index.ts';
import { planReportRoutes } from './plans/index.ts';
import { receivablesRoutes } from './receivables/index.ts';
import { recurringRoutes } from './recurring/index.ts';
import { periodSalesReportCreated } from './events.ts';
import { rowPages, rowsPage } from './row-pages/index.ts';
import { salesReportsJob } from './sales-reports/index.ts';
import { reportPages, reportPageTypes } from './report-pages/index.ts';

/** Makes the room of reports. */
export function makeMetrics(): Room {
  return {
    name: 'metrics',
    routes: (app) => {
      balancesRoutes(app);
      moneyRoutes(app);
      customerRoutes(app);
      planReportRoutes(app);
      recurringRoutes(app);
      deferredRoutes(app);
      receivablesRoutes(app);
    },
    pages: (app) => {
      dashboardPages(app);
      reportPages(app);
      rowPages(app);
      customerPages(app);
      federationPages(app);
      balanceSheetPages(app);
    },
    jobs: [salesReportsJob, verifyFiguresJob],
    events: [periodSalesReportCreated],
    page_types: [dashboardPage, balanceSheetPage, rowsPage, federationPage, ...reportPageTypes, ...customerPageTypes],
  };
}
