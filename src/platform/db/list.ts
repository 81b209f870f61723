import { type Expression, type RawBuilder, type SelectQueryBuilder, sql, type StringReference } from 'kysely';
import type { ListQuery, Page } from '#kernel/page';
import { defineProblems } from '#kernel/problem';
import type { Reader } from './database.ts';
import {
  type AnyColumn,
  columnOf,
  escapeLike,
  reference,
  searchCandidates,
  type TextMatch,
} from '../lists/list-search.ts';
import { orderOf, orderRows } from '../lists/list-order.ts';
import { executeMerged, reviveInstants, type Row } from './merge-reads.ts';

/** Columns that a query with these tables has. */
type ColumnOf<DB, TB extends keyof DB> = StringReference<DB, TB> | Expression<unknown>;

/** Search and sort keys of one list with their columns, and the order that applies last. */
export interface ListSpec<Column = AnyColumn> {
  readonly search: Readonly<Record<string, Column>>;
  readonly sort: Readonly<Record<string, Column>>;
  readonly default_order: readonly { readonly column: Column; readonly descending: boolean }[];
  /** Unique column, so that equal rows keep their order between pages. */
  readonly tie_breaker: Column;
  /**
   * Selects the ids of the rows that a search may find, as `tie_breaker` has them: all matches in any searched column,
   * and perhaps others. `matches` is the condition that a text contains a term; the texts have indexes
   * (`create_text_indexes`).
   */
  readonly candidates?: (matches: TextMatch) => RawBuilder<unknown>;
  /** Sort fields that are columns of a joined table with many rows for one key. */
  readonly grouped?: Readonly<Record<string, SortKeys>>;
  /** Column that `start_at` (inclusive) and `ends_at` (exclusive) bound; both are ignored without it. */
  readonly date?: Column;
}

/**
 * Rows of a joined table in the order of a sort field: `keys` selects their `id` and `value`, `scope` refers to the id.
 */
export interface SortKeys {
  readonly keys: RawBuilder<unknown>;
  readonly scope: string;
}

/** Defines a list with literal column names: `listPage` then compiles only if its query has these columns. */
export function defineList<const Spec extends ListSpec>(spec: Spec): Spec {
  return spec;
}

export interface ListOptions<DB, TB extends keyof DB, O> {
  /** Counts the rows of the list in less time than `count(*)`; used when the list is not searched. */
  readonly count?: RawBuilder<{ count: number }> | null;
  /** The same rows in the same order up to the end of the page (`limitToPage`), when the query itself has no index. */
  readonly first?: SelectQueryBuilder<DB, TB, O>;
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
  const read = (page: ListQuery) =>
    offsetOf(page) < DEEP_OFFSET
      ? readFromStart(reader, options.first ?? readKeyByKey(filtered, spec, page), counted, spec, page)
      : readFromNearestEnd(reader, filtered, counted, spec, page);
  const { count, results } = await read(list);
  const shown = pageWithin(count, list);
  if (shown === list) return pageOf(results, count, list, url);
  const last = await read(shown);
  return pageOf(last.results, last.count, shown, url);
}

/** Rows that are skipped from the start of a list before its end may be nearer. */
const DEEP_OFFSET = 1000;

async function readFromStart<DB, TB extends keyof DB, O>(
  reader: Reader,
  filtered: SelectQueryBuilder<DB, TB, O>,
  counted: Expression<unknown>,
  spec: ListSpec,
  list: ListQuery,
): Promise<{ count: number; results: O[] }> {
  const rows = orderRows(filtered, spec, list).limit(list.page_size).offset(offsetOf(list));
  const [[total], results] = await executeMerged(reader, [
    sql<{ count: number }>`${counted}`.compile(reader),
    rows.compile(),
  ]);
  // A grouped query without a group has no row to count.
  return { count: total?.count ?? 0, results };
}

/**
 * Reads a page from the end of the list when that is nearer than its start, in one statement with the count.
 *
 * Both directions are planned and one is executed: the other has the limit 0.
 */
async function readFromNearestEnd<DB, TB extends keyof DB, O>(
  reader: Reader,
  filtered: SelectQueryBuilder<DB, TB, O>,
  counted: Expression<unknown>,
  spec: ListSpec,
  list: ListQuery,
): Promise<{ count: number; results: O[] }> {
  const [first, size] = [sql.lit(offsetOf(list)), sql.lit(list.page_size)];
  const total = sql<number>`coalesce((select counted.count from counted), 0)`;
  const is_nearer_start = sql`2 * ${first} < ${total}`;
  const forward = orderRows(filtered, spec, list)
    .limit(sql<number>`case when ${is_nearer_start} then ${size} else 0 end`)
    .offset(first);
  const backward = orderRows(filtered, spec, list, { reversed: true })
    .limit(sql<number>`case when ${is_nearer_start} then 0 else greatest(least(${size}, ${total} - ${first}), 0) end`)
    .offset(sql<number>`greatest(${total} - ${first} - ${size}, 0)`);
  const page = sql<{ count: number; forward: Row[]; backward: Row[] }>`
    with counted as materialized (${counted})
    select ${total} as count,
      (select coalesce(json_agg(part_row), '[]') from (${forward}) part_row) as forward,
      (select coalesce(json_agg(part_row), '[]') from (${backward}) part_row) as backward`;
  const { rows } = await reader.executeQuery(page.compile(reader));
  const [read] = rows;
  if (!read) return { count: 0, results: [] };
  // Cast: the rows are those of the query, with their instants restored.
  return { count: read.count, results: [...read.forward, ...read.backward.reverse()].map(reviveInstants) as O[] };
}

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

function offsetOf(list: ListQuery): number {
  return (list.page - 1) * list.page_size;
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

/**
 * Restricts the query to its first rows when the order begins with a column of `spec.grouped`: reads the first rows of
 * one key, then those of the next, until the page is full.
 *
 * Why: one key may have most of the rows. The server would sort all rows of the first key for one page.
 */
function readKeyByKey<DB, TB extends keyof DB, O>(
  filtered: SelectQueryBuilder<DB, TB, O>,
  spec: ListSpec,
  list: ListQuery,
): SelectQueryBuilder<DB, TB, O> {
  const [field, ...others] = list.order.map((each) => each.field);
  const sorted = field === undefined ? undefined : spec.grouped?.[field];
  if (sorted === undefined || others.length > 0 || list.terms.length > 0) return filtered;
  const [first, ...rest] = orderOf(spec, list);
  const direction = (descending: boolean) => sql.raw(descending ? 'desc' : 'asc');
  const id = reference(spec.tie_breaker);
  const of_key = rest.reduce(
    (query, { column, descending }) => query.orderBy(reference(column), descending ? 'desc' : 'asc'),
    filtered
      .clearSelect()
      .select([id.as('id'), ...rest.map(({ column }, index) => reference(column).as(`place_${index}`))])
      .where(sql<boolean>`${reference(sorted.scope)} = sort_key.id`)
      .limit(offsetOf(list) + list.page_size),
  );
  const order = [
    sql`sort_key.value ${direction(first?.descending ?? false)}`,
    ...rest.map(({ descending }, index) => sql`${sql.ref(`found.place_${index}`)} ${direction(descending)}`),
  ];
  return filtered.where(sql<boolean>`${id} in (
    select found.id from ${sorted.keys} as sort_key cross join lateral (${of_key}) as found
    order by ${sql.join(order)} limit ${sql.lit(offsetOf(list) + list.page_size)})`);
}
