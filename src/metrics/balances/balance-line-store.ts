import type { Page, ListQuery } from '#kernel/page';
import { pointRead } from '#platform/db/built-once';
import type { Reader, Tx } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import { defineList, listPage } from '#platform/db/list';
import { part, readTogether } from '#platform/db/together';
import { metricsProblems } from '../problems.ts';
import type { BalanceLine } from './balance-line.ts';

export type NewBalanceLine = Pick<BalanceLine, 'report' | 'title' | 'selector' | 'rank'>;
export type BalanceLineChange = Partial<Pick<BalanceLine, 'title' | 'selector' | 'rank'>>;

export const balanceLineList = defineList({
  search: { title: 'title', selector: 'selector' },
  sort: { title: 'title', rank: 'rank' },
  default_order: [{ column: 'rank', descending: false }],
  tie_breaker: 'id',
});

export async function listBalanceLines(
  reader: Reader,
  report: string,
  list: ListQuery,
  url: URL,
): Promise<Page<BalanceLine>> {
  return listPage(
    reader,
    reader.selectFrom('balance_lines').selectAll().where('report', '=', report),
    balanceLineList,
    list,
    url,
  );
}

const linesAndZone = readTogether((reader, report: string, broker_id: ProfileId) => ({
  lines: part(reader.selectFrom('balance_lines').selectAll().where('report', '=', report).orderBy('rank'), {
    created_at: true,
  }),
  zones: part(reader.selectFrom('profiles').select('default_timezone').where('id', '=', broker_id), {}),
}));

/** Finds the lines of a report and the time zone of the broker, in one statement. */
export async function findBalanceLines(
  reader: Reader,
  report: string,
  broker_id: ProfileId,
): Promise<{ lines: BalanceLine[]; timezone: string }> {
  const { lines, zones } = await linesAndZone(reader, report, broker_id);
  const [zone] = zones;
  if (!zone) throw new Error(`there is no profile ${broker_id}`);
  return { lines, timezone: zone.default_timezone };
}

export async function findBalanceLine(reader: Reader, report: string, rank: number): Promise<BalanceLine | undefined> {
  const [line] = await lineByRank(reader, report, rank);
  return line;
}

const lineByRank = pointRead((reader, report: string, rank: number) =>
  reader.selectFrom('balance_lines').selectAll().where('report', '=', report).where('rank', '=', rank),
);

/** @throws balance_line_unknown (404) */
export async function getBalanceLine(reader: Reader, report: string, rank: number): Promise<BalanceLine> {
  const line = await findBalanceLine(reader, report, rank);
  if (!line) throw metricsProblems.balance_line_unknown();
  return line;
}

export async function insertBalanceLine(tx: Tx, line: NewBalanceLine): Promise<BalanceLine> {
  return tx.insertInto('balance_lines').values(line).returningAll().executeTakeFirstOrThrow();
}

export async function updateBalanceLine(
  tx: Tx,
  id: BalanceLine['id'],
  change: BalanceLineChange,
): Promise<BalanceLine> {
  return tx.updateTable('balance_lines').set(change).where('id', '=', id).returningAll().executeTakeFirstOrThrow();
}

/** Returns true if the line existed. */
export async function deleteBalanceLine(tx: Tx, report: string, rank: number): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('balance_lines')
    .where('report', '=', report)
    .where('rank', '=', rank)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

/**
 * Gives the line of rank `from` the rank `to`; those between shift by one. Returns true if the line existed. Locks the
 * lines of the report by rank; the unique constraint is checked at the commit.
 */
export async function shiftBalanceLines(tx: Tx, report: string, from: number, to: number): Promise<boolean> {
  const lines = await tx
    .selectFrom('balance_lines')
    .select(['id', 'rank'])
    .where('report', '=', report)
    .orderBy('rank')
    .forUpdate()
    .execute();
  const moved = lines.find(({ rank }) => rank === from);
  if (!moved) return false;
  const step = from < to ? -1 : 1;
  const is_between = (rank: number) => (from < to ? rank > from && rank <= to : rank >= to && rank < from);
  for (const { id, rank } of lines) {
    const next = id === moved.id ? to : is_between(rank) ? rank + step : rank;
    if (next !== rank) await tx.updateTable('balance_lines').set({ rank: next }).where('id', '=', id).execute();
  }
  return true;
}
