/** Counter-accounts of Backlog by what their entries do to deferred income. All accounts are in one of them. */
const backlog_accounts = {
  payments: ['Receivable'],
  income: ['Income'],
  refunds: ['Refunded', 'Refund', 'Chargeback', 'Writeoff', 'Canceled', 'Credit', 'Payable', 'Liability'],
  fees: ['Expenses', 'Funds', 'Withdraw', 'Offline', 'Backlog', 'settled'],
} as const;

const deferred = (...kinds: readonly (keyof typeof backlog_accounts)[]) =>
  kinds.flatMap((kind) => backlog_accounts[kind].map((account) => `backlog:${account}`));

/** Series whose points are sums of ledger entries, with the names of their parts in `metric_postings`. */
export const posting_series = {
  'total-sales': ['sales'],
  'new-sales': ['sales'],
  'churned-sales': ['sales'],
  payments: ['payments'],
  refunds: ['refunds'],
  'credit-notes': ['credit-notes'],
  'credits-used': ['credits-used'],
  income: ['account:Income'],
  backlog: ['account:Backlog'],
  receivable: ['account:Receivable'],
  credit: ['account:Credit'],
  deferred: deferred('payments', 'income', 'refunds', 'fees'),
  'deferred-payments': deferred('payments'),
  'deferred-income': deferred('income'),
  'deferred-refunds': deferred('refunds'),
  'deferred-fees': deferred('fees'),
} as const satisfies Record<string, readonly string[]>;
export type PostingSeries = keyof typeof posting_series;

/** Whole days since the order of a debt, both inclusive, by the series of the report of receivables. */
export const debt_ages = {
  'due-0-30': { from: 0, to: 30 },
  'due-31-60': { from: 31, to: 60 },
  'due-61-90': { from: 61, to: 90 },
  'due-over-90': { from: 91, to: null },
} as const satisfies Record<string, { from: number; to: number | null }>;
export type DebtSeries = keyof typeof debt_ages;

const any_age = { from: 0, to: null };

/** Series of the deferred income by the instant at which it is recognised: in a time, or without an instant. */
export const schedule_series = ['scheduled-income', 'undated-income'] as const;
export type ScheduleSeries = (typeof schedule_series)[number];

/** Series whose points have ledger entries behind them. */
export type EntrySeries = PostingSeries | DebtSeries | 'due' | ScheduleSeries;

export function isPostingSeries(series: string): series is PostingSeries {
  return Object.hasOwn(posting_series, series);
}

/** Ages of the debts of a series; null for series of other entries. */
export function agesOf(series: string): { from: number; to: number | null } | null {
  if (series === 'due') return any_age;
  // The name is a key of the object.
  return Object.hasOwn(debt_ages, series) ? debt_ages[series as DebtSeries] : null;
}

/** Names of all series. `Object.keys` widens them to string. */
export const entry_series_names = [
  ...Object.keys(posting_series),
  ...Object.keys(debt_ages),
  'due',
  ...schedule_series,
] as readonly EntrySeries[];

/** True if the points of a series are sums of orders, each of a customer. */
export function isOfOrders(series: EntrySeries): boolean {
  return series === 'total-sales' || series === 'new-sales' || series === 'churned-sales';
}
