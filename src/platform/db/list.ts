import { sql, type Expression, type SelectQueryBuilder } from 'kysely';
import type { ListQuery, Page } from '#kernel/page';
import { defineProblems } from '#kernel/problem';

/** A column as `table.column`, or an expression over columns. */
export type ListColumn = string | Expression<unknown>;

/** How one list is searched and sorted: public names to columns, and the order that always applies in the end. */
export interface ListSpec {
  search: Readonly<Record<string, ListColumn>>;
  sort: Readonly<Record<string, ListColumn>>;
  default_order: readonly { column: ListColumn; descending: boolean }[];
  /** Unique, so that rows which are otherwise equal keep their places between pages. */
  tie_breaker: ListColumn;
  /** What `start_at` (inclusive) and `ends_at` (exclusive) bound; without it they are ignored. */
  date?: ListColumn;
}

export const listProblems = defineProblems({
  page_out_of_range: { status: 404, title: 'Invalid page.' },
});

/**
 * Reads one page of `query`, filtered and sorted as `list` asks within what `spec` allows.
 *
 * A row matches when any term occurs in any searched field, whatever the case. Unknown names in `q_f` and `o` are ignored.
 * @throws page_out_of_range (404)
 * @see spec/identity.md 2.3, spec/gateway-themes-pages.md 6.2 and 6.3
 */
export async function listPage<DB, TB extends keyof DB, O>(
  query: SelectQueryBuilder<DB, TB, O>,
  spec: ListSpec,
  list: ListQuery,
  url: URL,
): Promise<Page<O>> {
  const filtered = filterRows(query, spec, list);
  const count = await countRows(filtered);
  refusePage(count, list);
  const rows =
    count === 0 ? [] : await inOrder(filtered, spec, list).limit(list.page_size).offset(offsetOf(list)).execute();
  return pageOf(rows, count, list, url);
}

/** Keeps the rows that the list is about, on all its pages: for sums over the whole of it. */
export function filterRows<DB, TB extends keyof DB, O>(
  query: SelectQueryBuilder<DB, TB, O>,
  spec: ListSpec,
  list: ListQuery,
): SelectQueryBuilder<DB, TB, O> {
  return withDates(withTerms(query, spec, list), spec, list);
}

/** Wraps rows that were already counted and cut, for lists that are not one query. */
export function pageOf<T>(results: T[], count: number, list: ListQuery, url: URL): Page<T> {
  return {
    count,
    next: offsetOf(list) + list.page_size < count ? linkTo(url, list.page + 1) : null,
    previous: list.page > 1 ? linkTo(url, list.page - 1) : null,
    results,
  };
}

/** Cuts the asked page out of rows that are all in memory. */
export function pageOfAll<T>(all: readonly T[], list: ListQuery, url: URL): Page<T> {
  refusePage(all.length, list);
  return pageOf(all.slice(offsetOf(list), offsetOf(list) + list.page_size), all.length, list, url);
}

function refusePage(count: number, list: ListQuery): void {
  const last = Math.max(1, Math.ceil(count / list.page_size));
  if (!(list.page >= 1 && list.page <= last)) throw listProblems.page_out_of_range();
}

function offsetOf(list: ListQuery): number {
  return (list.page - 1) * list.page_size;
}

function linkTo(url: URL, page: number): string {
  const link = new URL(url);
  link.searchParams.set('page', String(page));
  return link.href;
}

async function countRows<DB, TB extends keyof DB, O>(query: SelectQueryBuilder<DB, TB, O>): Promise<number> {
  // Over groups, a window counts what comes out; over rows, the aggregate spares making them.
  const grouped = query.toOperationNode().groupBy !== undefined;
  const count = grouped ? sql<number>`count(*) over ()` : sql<number>`count(*)`;
  const [row] = await query.clearSelect().select(count.as('count')).limit(1).execute();
  // No row means no group; the check of the member is for the compiler, which keeps every kind of query in mind.
  return row && 'count' in row ? row.count : 0;
}

function withTerms<DB, TB extends keyof DB, O>(
  query: SelectQueryBuilder<DB, TB, O>,
  spec: ListSpec,
  list: ListQuery,
): SelectQueryBuilder<DB, TB, O> {
  const asked = list.fields.flatMap((name) => columnOf(spec.search, name) ?? []);
  const columns = asked.length > 0 ? asked : Object.values(spec.search);
  if (list.terms.length === 0 || columns.length === 0) return query;
  const matches = list.terms.flatMap((term) =>
    columns.map((column) => sql<boolean>`${reference(column)}::text ilike ${`%${escapeLike(term)}%`}`),
  );
  return query.where(sql<boolean>`(${sql.join(matches, sql` or `)})`);
}

function withDates<DB, TB extends keyof DB, O>(
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

function inOrder<DB, TB extends keyof DB, O>(
  query: SelectQueryBuilder<DB, TB, O>,
  spec: ListSpec,
  list: ListQuery,
): SelectQueryBuilder<DB, TB, O> {
  const asked = list.order.flatMap(({ field, descending }) => {
    const column = columnOf(spec.sort, field);
    return column === undefined ? [] : [{ column, descending }];
  });
  const order: { column: ListColumn; descending: boolean }[] = [];
  for (const each of [...asked, ...spec.default_order]) {
    if (!order.some(({ column }) => column === each.column)) order.push(each);
  }
  // In the direction of its neighbour, so that one index serves both.
  if (!order.some(({ column }) => column === spec.tie_breaker)) {
    order.push({ column: spec.tie_breaker, descending: order.at(-1)?.descending ?? false });
  }
  return order.reduce(
    (ordered, { column, descending }) => ordered.orderBy(reference(column), descending ? 'desc' : 'asc'),
    query,
  );
}

function columnOf(columns: Readonly<Record<string, ListColumn>>, name: string): ListColumn | undefined {
  return Object.hasOwn(columns, name) ? columns[name] : undefined;
}

function reference(column: ListColumn): Expression<unknown> {
  return typeof column === 'string' ? sql.ref(column) : column;
}

/** The backslash is the escape character of LIKE by default. */
function escapeLike(term: string): string {
  return term.replaceAll(/[\\%_]/g, String.raw`\$&`);
}
