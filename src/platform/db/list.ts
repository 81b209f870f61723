import { type Expression, type RawBuilder, type SelectQueryBuilder, sql, type StringReference } from 'kysely';
import type { ListQuery, Page } from '#kernel/page';
import { defineProblems } from '#kernel/problem';
import { type ListSpec, offsetOf, orderRows, sortKeysOf } from '../lists/list-order.ts';
import { readFromNearestEnd, readFromStart, readKeyByKey } from '../lists/list-page.ts';
import { columnOf, escapeLike, reference, searchCandidates } from '../lists/list-search.ts';
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
  const read = (page: ListQuery) => {
    if (offsetOf(page) >= DEEP_OFFSET)
      return readFromNearestEnd(
        reader,
        { first: options.first ?? filtered, last: options.last ?? (() => filtered) },
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

/** Rows that are skipped from the start of a list before its end may be nearer. */
const DEEP_OFFSET = 1000;

/** Restricts the query to the rows of all pages of the list, for sums over the whole list. */
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
  return orderRows(filterRows(query, spec, list), spec, list).limit(offsetOf(list) + list.page_size);
}

/** Restricts the query to the last rows of the list. */
export function limitToEnd<DB, TB extends keyof DB, O>(
  query: SelectQueryBuilder<DB, TB, O>,
  spec: NoInfer<ListSpec<ColumnOf<DB, TB>>>,
  list: ListQuery,
  rows_count: Expression<number>,
): SelectQueryBuilder<DB, TB, O> {
  return orderRows(filterRows(query, spec, list), spec, list, { reversed: true }).limit(rows_count);
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
  const narrowing = spec.candidates && searchCandidates(list.terms, spec.tie_breaker, spec.candidates);
  const narrowed = narrowing ? query.where(narrowing) : query;
  return narrowed.where(sql<boolean>`(${sql.join(matches, sql` or `)})`);
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
