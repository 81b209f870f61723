import type { TestDatabase } from './database.ts';

/** Tables that requests change although they are refused: limits, visits, and responses kept for a retry. */
const kept_for_requests = new Set([
  'engagements',
  'idempotency_records',
  'rate_limits',
  'request_counts',
  'sessions',
  'totp_callers',
]);

/**
 * Returns the number of rows and a digest of the rows of every table, by name. Two results that are equal prove that
 * nothing was written between them.
 */
export async function readAllRows(database: TestDatabase): Promise<Record<string, string>> {
  const found = await database.executeSql(
    `select table_name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`,
  );
  const names = found.rows.map((row) => String(row['table_name'])).filter((name) => !kept_for_requests.has(name));
  const counts = names.map(
    (name) =>
      `select '${name}' as name, count(*) || ' ' || coalesce(md5(string_agg(t::text, ',' order by t::text)), '-') as rows
       from "${name}" t`,
  );
  const { rows } = await database.executeSql(counts.join(' union all '));
  return Object.fromEntries(rows.map((row) => [String(row['name']), String(row['rows'])]));
}
