import { paths } from '#platform/http/paths';

/** The list of the rows behind a point of a report. */
export interface RowsOf {
  /**
   * `entries`: of the ledger. `subscriptions`: of the plans. `movements`: of recurring revenue, with order lines.
   * `federated-profiles`: subscribers of the members of a federation.
   */
  list: 'entries' | 'subscriptions' | 'movements' | 'federated-profiles';
  query: Readonly<Record<string, string>>;
}

/** Query of a list of rows; facts that are null or undefined are left out. */
export function rowsOf(
  list: RowsOf['list'],
  facts: Readonly<Record<string, string | Date | null | undefined>>,
): RowsOf {
  const query = Object.fromEntries(
    Object.entries(facts).flatMap(([name, value]) =>
      value === null || value === undefined ? [] : [[name, value instanceof Date ? value.toISOString() : value]],
    ),
  );
  return { list, query };
}

/** Makes the addresses of lists of rows in the API of a provider. */
export function linkRows(origin: string, provider: string): (rows: RowsOf | null) => string | null {
  return (rows) =>
    rows && `${origin}${paths.apiMetrics(provider, rows.list)}?${new URLSearchParams(rows.query).toString()}`;
}

/** Path of the page of rows of a provider; null without rows. */
export function pageOfRows(provider: string, rows: RowsOf | null): string | null {
  return rows && paths.metricRows(provider, rows.list, new URLSearchParams(rows.query));
}
