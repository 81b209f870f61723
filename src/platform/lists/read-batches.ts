import {
  type Expression,
  type RawBuilder,
  type SelectQueryBuilder,
  sql,
  type SqlBool,
  type StringReference,
} from 'kysely';
import type { ListQuery, Page } from '#kernel/page';
import { reference } from './list-search.ts';
import type { Reader } from '../db/database.ts';
import { filterRows } from '../db/list.ts';
import { type ListSpec, orderOf } from './list-order.ts';

/** Rows of one statement of a download. */
export const BATCH_ROWS = 500;

/**
 * Yields all rows of a list in its order, `BATCH_ROWS` in a statement. A batch begins after the last row of the one
 * before, by the values of the order: no connection or snapshot is kept between two statements, no row comes twice, and
 * rows that are inserted or deleted meanwhile do not shift the others.
 *
 * The columns of the order are no aggregates.
 */
export async function* readBatches<DB, TB extends keyof DB, O>(
  reader: Reader,
  query: SelectQueryBuilder<DB, TB, O>,
  spec: NoInfer<ListSpec<StringReference<DB, TB> | Expression<unknown>>>,
  list: ListQuery,
): AsyncGenerator<O[]> {
  const order = orderOf(spec, list).map(({ column, descending }) => ({ column: reference(column), descending }));
  // The names are no columns of a table: the rows are yielded without them.
  const positions = order.flatMap(({ column }, index) => [
    sql<string | null>`(${column})::text`.as(`position_${index}`),
    sql<string>`pg_typeof(${column})::text`.as(`position_type_${index}`),
  ]);
  const filtered = filterRows(query, spec, list);
  let after: Position[] | null = null;
  do {
    const rest: SelectQueryBuilder<DB, TB, O> = after === null ? filtered : filtered.where(afterPosition(after));
    const ordered = order.reduce(
      (sorted, { column, descending }) => sorted.orderBy(column, descending ? 'desc' : 'asc'),
      rest.select(positions),
    );
    const { rows } = await reader.executeQuery<Record<string, unknown>>(ordered.limit(BATCH_ROWS).compile());
    const last = rows.at(-1);
    after =
      last === undefined || rows.length < BATCH_ROWS ? null : order.map((each, index) => positionOf(each, last, index));
    if (rows.length > 0) yield rows.map((row) => withoutPositions<O>(row));
  } while (after !== null);
}

/**
 * Yields all rows of a list that is not one query, page by page: `read` is a list function of a room.
 *
 * Rows that are inserted or deleted meanwhile may shift others over the end of a batch; a list in the order of its
 * creation should bound `ends_at`.
 */
export async function* readPages<T>(list: ListQuery, read: (list: ListQuery) => Promise<Page<T>>): AsyncGenerator<T[]> {
  for (let page = 1, count = 1; (page - 1) * BATCH_ROWS < count; page += 1) {
    const read_page = await read({ ...list, page, page_size: BATCH_ROWS, beyond_end: 'last' });
    // Rows were deleted: the last page is one that was read before.
    if (page > 1 && (page - 1) * BATCH_ROWS >= read_page.count) return;
    count = read_page.count;
    yield read_page.results;
  }
}

/** Value of a column of the order in one row, as text that its type reads. */
interface Position {
  readonly column: RawBuilder<unknown>;
  readonly descending: boolean;
  readonly value: RawBuilder<unknown> | null;
}

function positionOf(
  { column, descending }: { column: RawBuilder<unknown>; descending: boolean },
  row: Readonly<Record<string, unknown>>,
  index: number,
): Position {
  const [text, type] = [row[`position_${index}`], row[`position_type_${index}`]];
  // The names of types come from the server, such as `timestamp with time zone`; no parameter can hold one.
  if (typeof type !== 'string' || !/^[a-z][a-z0-9_ ]*$/.test(type)) throw new Error(`no type of column ${index}`);
  return { column, descending, value: text === null ? null : sql`${text}::text::${sql.raw(type)}` };
}

/** Matches the rows after a position. Null sorts last, or first when descending, as PostgreSQL sorts it. */
function afterPosition(position: readonly Position[]): RawBuilder<SqlBool> {
  const cases = position.map(({ column, descending, value }, index) => {
    const equal = position
      .slice(0, index)
      .map((each) => sql`${each.column} is not distinct from ${each.value ?? sql`null`}`);
    const beyond =
      value === null
        ? descending
          ? sql`${column} is not null`
          : sql`false`
        : descending
          ? sql`${column} < ${value}`
          : sql`(${column} > ${value} or ${column} is null)`;
    return sql`(${sql.join([...equal, beyond], sql` and `)})`;
  });
  const [first] = position;
  const either = sql`(${sql.join(cases, sql` or `)})`;
  // Repeats the bound of the first column alone: only a plain comparison is a range of an index.
  return first?.descending === true && first.value !== null
    ? sql<SqlBool>`${first.column} <= ${first.value} and ${either}`
    : sql<SqlBool>`${either}`;
}

function withoutPositions<O>(row: Readonly<Record<string, unknown>>): O {
  // Cast: what remains are the columns of the query.
  return Object.fromEntries(Object.entries(row).filter(([name]) => !name.startsWith('position_'))) as O;
}
