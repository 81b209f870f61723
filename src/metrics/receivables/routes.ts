import type { App } from '#platform/http/app';
import { moneyReportRoute } from '../report-routes.ts';
import { reportReceivables } from './report-receivables.ts';

/** The report of debts by age. */
export function receivablesRoutes(app: App): void {
  moneyReportRoute(app, {
    name: 'receivables',
    summary: 'Reports what customers owe by the age of the orders',
    description:
      'Returns what is due on orders at the bounds of periods: of 0 to 30, 31 to 60, 61 to 90 and more than 90 days, and ' +
      'in extra all of it.',
    read: reportReceivables,
  });
}
