/** Series whose points are sums of ledger entries, with their names in `metric_postings`. */
export const entry_series = {
  'total-sales': 'sales',
  'new-sales': 'sales',
  'churned-sales': 'sales',
  payments: 'payments',
  refunds: 'refunds',
  'credit-notes': 'credit-notes',
  'credits-used': 'credits-used',
  income: 'account:Income',
  backlog: 'account:Backlog',
  receivable: 'account:Receivable',
  credit: 'account:Credit',
  'deferred-payments': 'backlog:Receivable',
  'deferred-income': 'backlog:Income',
  'deferred-credit-notes': 'backlog:Refunded',
  'deferred-refunds': 'backlog:Refund',
  'deferred-disputes': 'backlog:Chargeback',
} as const;
export type EntrySeries = keyof typeof entry_series;

/** True if the points of a series are sums of orders, each of a customer. */
export function isOfOrders(series: EntrySeries): boolean {
  return entry_series[series] === 'sales';
}
