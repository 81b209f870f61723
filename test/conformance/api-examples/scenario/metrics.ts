import type { ExampleCall } from '../record-examples.ts';

/** Reports of a provider, with the query of the example: few periods, or the rows that an address needs. */
const reports: Readonly<Record<string, Record<string, string>>> = {
  active: {},
  churned: {},
  funds: { nb_periods: '3' },
  balances: { nb_periods: '3' },
  entries: { series: 'income' },
  customers: { nb_periods: '3' },
  lifetimevalue: {},
  'balances-due': {},
  federated: {},
  'federated/shared': {},
  'federated-profiles': { state: 'invited' },
  subscriptions: { state: 'active' },
  plans: { nb_periods: '3' },
  'recurring-revenue': { nb_periods: '3' },
  'revenue-churn': { nb_periods: '3' },
  cohorts: { nb_periods: '3' },
  'deferred-income': { nb_periods: '3' },
  'scheduled-income': { nb_periods: '3' },
  receivables: { nb_periods: '3' },
  movements: {},
};

export const metricsCalls: readonly ExampleCall[] = [
  ...Object.entries(reports).map(([report, query]) => ({
    operation: `GET /api/metrics/{profile}/${report}`,
    path: { profile: 'cowork' },
    query,
  })),
  { operation: 'GET /api/metrics/registered' },
];
