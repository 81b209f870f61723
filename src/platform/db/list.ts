import { type Expression, type RawBuilder, type SelectQueryBuilder, sql, type StringReference } from 'kysely';
import type { ListQuery, Page } from '#kernel/page';
import { defineProblems } from '#kernel/problem';
import { filterByDate, filterByTerms } from '../lists/list-filter.ts';
import { type ListSpec, offsetOf, orderRows, sortKeysOf } from '../lists/list-order.ts';
import { type CountedRows, readFromNearestEnd, readFromStart, readKeyByKey } from '../lists/list-page.ts';
import { indexSearch, readSearched, type RowsSum } from '../lists/list-searched.ts';
import type { Reader } from './database.ts';

/** Columns that a query with these tables has. */
type ColumnOf<DB, TB extends keyof DB> = StringReference<DB, TB> | Expression<unknown>;

/** Defines a list with literal column names: `listPage` then compiles only if its query has these columns. */
export function defineList<const Spec extends ListSpec>(spec: Spec): Spec {
  return spec;
}

export interface ListOptions<DB, TB extends keyof DB, O> {
  /** Counts the rows of the list in less time than `count(*)`; used when the list is not searched. */
  readonly count?: RawBuilder<{ count: number }> | null;
  /** The same rows in the same order up to the end of the page (`limitToPage`), when the query itself has no index. */
  readonly first?: SelectQueryBuilder<DB, TB, O>;
  /** The last rows of the list, `rows_count` of them at least (`limitToEnd`), when the query itself has no index. */
  readonly last?: (rows_count: Expression<number>) => SelectQueryBuilder<DB, TB, O>;
  /** The same rows from parts that are in the order of the list, or in the reversed order (`sortRows`). */
  readonly ordered?: (reversed: boolean) => SelectQueryBuilder<DB, TB, O>;
}

export const listProblems = defineProblems({
  page_out_of_range: { status: 404, title: 'Invalid page.' },
});

/**
 * Returns one page of `query`, filtered and sorted by `list` within the keys of `spec`. One statement reads the rows
 * and counts those of all pages.
 *
 * A row matches when any term occurs in any searched field, case-insensitively. Unknown names in `q_f` and `o` are
 * ignored.
 * @throws page_out_of_range (404)
 */
export async function listPage<DB, TB extends keyof DB, O>(
  reader: Reader,
  query: SelectQueryBuilder<DB, TB, O>,
  spec: NoInfer<ListSpec<ColumnOf<DB, TB>>>,
  list: ListQuery,
  url: URL,
  options: ListOptions<DB, TB, O> = {},
): Promise<Page<O>> {
  if (!(list.page >= 1)) throw listProblems.page_out_of_range();
  const filtered = filterRows(query, spec, list);
  const counted = options.count && list.terms.length === 0 ? options.count : countRows(filtered);
  const search = indexSearch(query, spec, list);
  const read = (page: ListQuery): Promise<CountedRows<O>> => {
    if (search) return readSearched(reader, { ...options, search, counted: countRows(search.many) }, spec, page);
    if (offsetOf(page) >= DEEP_OFFSET)
      return readFromNearestEnd(
        reader,
        filtered,
        {
          first: options.ordered?.(false) ?? options.first ?? filtered,
          last: (rows_count) => options.ordered?.(true) ?? options.last?.(rows_count) ?? filtered,
        },
        counted,
        spec,
        page,
      );
    const keys = page.terms.length === 0 ? sortKeysOf(spec, page) : undefined;
    return keys
      ? readKeyByKey(reader, filtered, keys, counted, spec, page)
      : readFromStart(reader, options.first ?? filtered, counted, spec, page);
  };
  const { count, results } = await read(list);
  const shown = pageWithin(count, list);
  if (shown === list) return pageOf(results, count, list, url);
  const last = await read(shown);
  return pageOf(last.results, last.count, shown, url);
}

/** A page with sums over the rows of all pages. */
export interface PageAndSums<O, S> {
  page: Page<O>;
  sums: S[];
}

/**
 * As `listPage`, for a search, with sums over the rows of all pages in the same statement: the candidates of a search
 * are found once. Null if no index of texts serves the search.
 *
 * @throws page_out_of_range (404)
 */
export async function searchPageAndSums<DB, TB extends keyof DB, O, S extends RowsSum>(
  reader: Reader,
  query: SelectQueryBuilder<DB, TB, O>,
  spec: NoInfer<ListSpec<ColumnOf<DB, TB>>>,
  list: ListQuery,
  url: URL,
  sums: (rows: SelectQueryBuilder<DB, TB, O>) => Expression<S>,
): Promise<PageAndSums<O, S> | null> {
  if (!(list.page >= 1)) throw listProblems.page_out_of_range();
  const search = indexSearch(query, spec, list);
  if (!search) return null;
  const counted = countRows(search.many);
  const first = await readSearched(reader, { search, counted, sums }, spec, list);
  const shown = pageWithin(first.count, list);
  const read = shown === list ? first : await readSearched(reader, { search, counted, sums }, spec, shown);
  return { page: pageOf(read.results, read.count, shown, url), sums: read.sums };
}

/** Rows that are skipped from the start of a list before its end may be nearer. */
const DEEP_OFFSET = 1000;

/** Restricts the query to the rows of all pages of the list. `readOverRows` finds the rows of a search faster. */
export function filterRows<DB, TB extends keyof DB, O>(
  query: SelectQueryBuilder<DB, TB, O>,
  spec: NoInfer<ListSpec<ColumnOf<DB, TB>>>,
  list: ListQuery,
): SelectQueryBuilder<DB, TB, O> {
  return filterByDate(filterByTerms(query, spec, list), spec, list);
}

/** Restricts the query to the first rows of the list, up to the end of the requested page. */
export function limitToPage<DB, TB extends keyof DB, O>(
  query: SelectQueryBuilder<DB, TB, O>,
  spec: NoInfer<ListSpec<ColumnOf<DB, TB>>>,
  list: ListQuery,
): SelectQueryBuilder<DB, TB, O> {
  return orderRows(filterMany(query, spec, list), spec, list).limit(offsetOf(list) + list.page_size);
}

/** Sorts the rows of the list. */
export function sortRows<DB, TB extends keyof DB, O>(
  query: SelectQueryBuilder<DB, TB, O>,
  spec: NoInfer<ListSpec<ColumnOf<DB, TB>>>,
  list: ListQuery,
  reversed: boolean,
): SelectQueryBuilder<DB, TB, O> {
  return orderRows(filterMany(query, spec, list), spec, list, { reversed });
}

/** Restricts the query to the last rows of the list. */
export function limitToEnd<DB, TB extends keyof DB, O>(
  query: SelectQueryBuilder<DB, TB, O>,
  spec: NoInfer<ListSpec<ColumnOf<DB, TB>>>,
  list: ListQuery,
  rows_count: Expression<number>,
): SelectQueryBuilder<DB, TB, O> {
  return orderRows(filterMany(query, spec, list), spec, list, { reversed: true }).limit(rows_count);
}

function filterMany<DB, TB extends keyof DB, O>(
  query: SelectQueryBuilder<DB, TB, O>,
  spec: ListSpec,
  list: ListQuery,
): SelectQueryBuilder<DB, TB, O> {
  return filterByDate(filterByTerms(query, spec, list, { are_many: true }), spec, list);
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
  const shown = pageWithin(all.length, list);
  return pageOf(all.slice(offsetOf(shown), offsetOf(shown) + shown.page_size), all.length, shown, url);
}

/**
 * Returns the list unless its page is after the last one: then the list with its last page, if `beyond_end` allows it.
 *
 * @throws page_out_of_range (404)
 */
function pageWithin(count: number, list: ListQuery): ListQuery {
  const last = Math.max(1, Math.ceil(count / list.page_size));
  if (list.page >= 1 && list.page <= last) return list;
  if (list.beyond_end !== 'last') throw listProblems.page_out_of_range();
  return { ...list, page: last };
}

function pageLink(url: URL, page: number): string {
  const link = new URL(url);
  link.searchParams.set('page', String(page));
  return link.href;
}

function countRows<DB, TB extends keyof DB, O>(query: SelectQueryBuilder<DB, TB, O>): Expression<unknown> {
  // A query with groups is counted by a window over its result; an aggregate over plain rows is cheaper.
  const grouped = query.toOperationNode().groupBy !== undefined;
  const count = grouped ? sql<number>`count(*) over ()` : sql<number>`count(*)`;
  return query.clearSelect().select(count.as('count')).limit(1);
}
