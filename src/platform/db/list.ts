import { sql, type Expression, type SelectQueryBuilder, type StringReference } from 'kysely';
import type { ListQuery, Page } from '#kernel/page';
import { defineProblems } from '#kernel/problem';

/** Column of a list: `table.column`, or an expression over columns. */
type AnyColumn = string | Expression<unknown>;

/** Columns that a query with these tables has. */
type ColumnOf<DB, TB extends keyof DB> = StringReference<DB, TB> | Expression<unknown>;

/** Search and sort keys of one list with their columns, and the order that applies last. */
export interface ListSpec<Column = AnyColumn> {
  readonly search: Readonly<Record<string, Column>>;
  readonly sort: Readonly<Record<string, Column>>;
  readonly default_order: readonly { readonly column: Column; readonly descending: boolean }[];
  /** Unique column, so that equal rows keep their order between pages. */
  readonly tie_breaker: Column;
  /** Column that `start_at` (inclusive) and `ends_at` (exclusive) bound; both are ignored without it. */
  readonly date?: Column;
}

/** Defines a list with literal column names: `listPage` then compiles only if its query has these columns. */
export function defineList<const Spec extends ListSpec>(spec: Spec): Spec {
  return spec;
}

export const listProblems = defineProblems({
  page_out_of_range: { status: 404, title: 'Invalid page.' },
});

/**
 * Returns one page of `query`, filtered and sorted by `list` within the keys of `spec`.
 *
 * A row matches when any term occurs in any searched field, case-insensitively. Unknown names in `q_f` and `o` are
 * ignored.
 * @throws page_out_of_range (404)
 */
export async function listPage<DB, TB extends keyof DB, O>(
  query: SelectQueryBuilder<DB, TB, O>,
  spec: NoInfer<ListSpec<ColumnOf<DB, TB>>>,
  list: ListQuery,
  url: URL,
): Promise<Page<O>> {
  const filtered = filterRows(query, spec, list);
  const count = await countRows(filtered);
  requirePage(count, list);
  const rows =
    count === 0 ? [] : await orderRows(filtered, spec, list).limit(list.page_size).offset(offsetOf(list)).execute();
  return pageOf(rows, count, list, url);
}

/** Restricts the query to the rows of all pages of the list, for sums over the whole list. */
export function filterRows<DB, TB extends keyof DB, O>(
  query: SelectQueryBuilder<DB, TB, O>,
  spec: NoInfer<ListSpec<ColumnOf<DB, TB>>>,
  list: ListQuery,
): SelectQueryBuilder<DB, TB, O> {
  return filterByDate(filterByTerms(query, spec, list), spec, list);
}

/** Wraps rows that are already counted and limited to one page, for lists that are not one query. */
export function pageOf<T>(results: T[], count: number, list: ListQuery, url: URL): Page<T> {
  return {
    count,
    next: offsetOf(list) + list.page_size < count ? pageLink(url, list.page + 1) : null,
    previous: list.page > 1 ? pageLink(url, list.page - 1) : null,
    results,
  };
}

/**
 * Returns the requested page of rows that are all in memory.
 *
 * @throws page_out_of_range (404)
 */
export function pageOfAll<T>(all: readonly T[], list: ListQuery, url: URL): Page<T> {
  requirePage(all.length, list);
  return pageOf(all.slice(offsetOf(list), offsetOf(list) + list.page_size), all.length, list, url);
}

function requirePage(count: number, list: ListQuery): void {
  const last = Math.max(1, Math.ceil(count / list.page_size));
  if (!(list.page >= 1 && list.page <= last)) throw listProblems.page_out_of_range();
}

function offsetOf(list: ListQuery): number {
  return (list.page - 1) * list.page_size;
}

function pageLink(url: URL, page: number): string {
  const link = new URL(url);
  link.searchParams.set('page', String(page));
  return link.href;
}

async function countRows<DB, TB extends keyof DB, O>(query: SelectQueryBuilder<DB, TB, O>): Promise<number> {
  // A query with groups is counted by a window over its result; an aggregate over plain rows is cheaper.
  const grouped = query.toOperationNode().groupBy !== undefined;
  const count = grouped ? sql<number>`count(*) over ()` : sql<number>`count(*)`;
  const [row] = await query.clearSelect().select(count.as('count')).limit(1).execute();
  // No row means that there is no group.
  return row && 'count' in row ? row.count : 0;
}

function filterByTerms<DB, TB extends keyof DB, O>(
  query: SelectQueryBuilder<DB, TB, O>,
  spec: ListSpec,
  list: ListQuery,
): SelectQueryBuilder<DB, TB, O> {
  const requested = list.fields.flatMap((name) => columnOf(spec.search, name) ?? []);
  const columns = requested.length > 0 ? requested : Object.values(spec.search);
  if (list.terms.length === 0 || columns.length === 0) return query;
  const matches = list.terms.flatMap((term) =>
    columns.map((column) => sql<boolean>`${reference(column)}::text ilike ${`%${escapeLike(term)}%`}`),
  );
  return query.where(sql<boolean>`(${sql.join(matches, sql` or `)})`);
}

function filterByDate<DB, TB extends keyof DB, O>(
  query: SelectQueryBuilder<DB, TB, O>,
  spec: ListSpec,
  list: ListQuery,
): SelectQueryBuilder<DB, TB, O> {
  if (spec.date === undefined) return query;
  const date = reference(spec.date);
  let bounded = query;
  if (list.start_at) bounded = bounded.where(sql<boolean>`${date} >= ${list.start_at}`);
  if (list.ends_at) bounded = bounded.where(sql<boolean>`${date} < ${list.ends_at}`);
  return bounded;
}

function orderRows<DB, TB extends keyof DB, O>(
  query: SelectQueryBuilder<DB, TB, O>,
  spec: ListSpec,
  list: ListQuery,
): SelectQueryBuilder<DB, TB, O> {
  const requested = list.order.flatMap(({ field, descending }) => {
    const column = columnOf(spec.sort, field);
    return column === undefined ? [] : [{ column, descending }];
  });
  const order: { column: AnyColumn; descending: boolean }[] = [];
  for (const each of [...requested, ...spec.default_order]) {
    if (!order.some(({ column }) => column === each.column)) order.push(each);
  }
  // Same direction as the column before, so that one index serves both.
  if (!order.some(({ column }) => column === spec.tie_breaker)) {
    order.push({ column: spec.tie_breaker, descending: order.at(-1)?.descending ?? false });
  }
  return order.reduce(
    (ordered, { column, descending }) => ordered.orderBy(reference(column), descending ? 'desc' : 'asc'),
    query,
  );
}

function columnOf(columns: Readonly<Record<string, AnyColumn>>, name: string): AnyColumn | undefined {
  return Object.hasOwn(columns, name) ? columns[name] : undefined;
}

function reference(column: AnyColumn): Expression<unknown> {
  return typeof column === 'string' ? sql.ref(column) : column;
}

/** Escapes wildcards; the backslash is the default escape character of LIKE. */
function escapeLike(term: string): string {
  return term.replaceAll(/[\\%_]/g, String.raw`\$&`);
}
