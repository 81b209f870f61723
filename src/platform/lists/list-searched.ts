import { type Expression, type RawBuilder, type SelectQueryBuilder, sql } from 'kysely';
import type { ListQuery } from '#kernel/page';
import type { Reader } from '../db/database.ts';
import { reviveInstants, type Row } from '../db/merge-reads.ts';
import { filterByDate, filterByTerms } from './list-filter.ts';
import { type ListSpec, offsetOf, orderRows } from './list-order.ts';
import type { CountedRows } from './list-page.ts';
import { areIndexable, matchByIndex, reference } from './list-search.ts';

/** Candidates of a search from which on it is broad: to read so many rows one by one takes 50 ms. */
const CANDIDATES_MAX = 5000;

type Query<DB, TB extends keyof DB, O> = SelectQueryBuilder<DB, TB, O>;

/** A search whose candidates an index of texts finds. */
export interface IndexedSearch<DB, TB extends keyof DB, O> {
  /** Common tables that the other parts name; each is read once, and only if it is needed. */
  readonly tables: RawBuilder<unknown>;
  /** True if the search has so many candidates that the rows of the list are read in their order instead. */
  readonly is_broad: RawBuilder<boolean>;
  /** Number of the rows of a search that is not broad. */
  readonly few_count: RawBuilder<number>;
  /** The rows of a search that is not broad. */
  readonly few: Query<DB, TB, O>;
  /** The rows of a broad search. */
  readonly many: Query<DB, TB, O>;
}

/** Returns the search of a list; null if it has none, or one that no index of texts serves. */
export function indexSearch<DB, TB extends keyof DB, O>(
  query: Query<DB, TB, O>,
  spec: ListSpec,
  list: ListQuery,
): IndexedSearch<DB, TB, O> | null {
  if (!spec.candidates || !areIndexable(list.terms)) return null;
  const id = reference(spec.tie_breaker);
  // Arrays: the rows are read by their ids. The server expects few.
  const candidates = sql<boolean>`${id} = any(array(select candidate.id from candidate))`;
  const matched = filterByDate(filterByTerms(query.where(candidates), spec, list), spec, list);
  return {
    tables: sql`candidate (id) as materialized (
        select * from (${spec.candidates(matchByIndex(list.terms))}) as found limit ${sql.lit(CANDIDATES_MAX + 1)}),
      searched as materialized (select count(*) > ${sql.lit(CANDIDATES_MAX)} as is_broad from candidate),
      matched as materialized (${matched.clearSelect().select(id.as('id'))})`,
    is_broad: sql<boolean>`(select searched.is_broad from searched)`,
    few_count: sql<number>`(select count(*) from matched)`,
    few: query.where(sql<boolean>`${id} = any(array(select matched.id from matched))`),
    many: filterByDate(filterByTerms(query, spec, list, { are_many: true }), spec, list),
  };
}

/** Parts of a page of an indexed search. */
export interface SearchedPage<DB, TB extends keyof DB, O, S> {
  readonly search: IndexedSearch<DB, TB, O>;
  /** Counts the rows of a broad search without sums. */
  readonly counted: Expression<unknown>;
  /** The rows of a broad search up to the end of the page; `search.many` when omitted. */
  readonly first?: Query<DB, TB, O>;
  /** The last rows of a broad search, `rows_count` of them at least; `search.many` when omitted. */
  readonly last?: (rows_count: Expression<number>) => Query<DB, TB, O>;
  /** Selects sums over the rows of all pages. They count the rows too: all of them are read once. */
  readonly sums?: (rows: Query<DB, TB, O>) => Expression<S>;
}

/** A sum over some rows of a list; each row is counted in one of the sums. */
export interface RowsSum {
  rows_count: number;
}

/**
 * Reads a page of a search with its count in one statement. The candidates are found once.
 *
 * Few candidates are read by their ids. Many are not read: the rows of the list are read in their order until the page
 * is full, from the nearer end, and counted. Both ways are planned and one is executed.
 */
export async function readSearched<DB, TB extends keyof DB, O, S extends RowsSum>(
  reader: Reader,
  { search, counted, first = search.many, last = () => search.many, sums }: SearchedPage<DB, TB, O, S>,
  spec: ListSpec,
  list: ListQuery,
): Promise<CountedRows<O> & { sums: S[] }> {
  const [offset, size] = [sql.lit(offsetOf(list)), sql.lit(list.page_size)];
  const total = sql<number>`(select counted.count from counted)`;
  const few = orderRows(search.few, spec, list).limit(size).offset(offset);
  const forward = orderRows(first, spec, list).limit(size).offset(offset);
  const from_end = sql<number>`greatest(${total} - ${offset}, 0)`;
  const backward = orderRows(last(from_end), spec, list, { reversed: true })
    .limit(sql<number>`greatest(least(${size}, ${total} - ${offset}), 0)`)
    .offset(sql<number>`greatest(${total} - ${offset} - ${size}, 0)`);
  // Only a page beyond the first rows is read from the end: its count is known before its rows.
  const is_deep = offsetOf(list) > 0 ? sql<boolean>`2 * ${offset} >= ${total}` : sql<boolean>`false`;
  const { is_broad } = search;
  const tables = sums
    ? sql`summed as materialized (
        select * from (${sums(search.many)}) as many where ${is_broad}
        union all select * from (${sums(search.few)}) as few where not ${is_broad}),
      counted as materialized (select coalesce(sum(summed.rows_count), 0) as count from summed)`
    : sql`counted as materialized (
        select case when ${is_broad} then coalesce((${counted}), 0) else ${search.few_count} end as count)`;
  const page = sql<{ count: number; forward: Row[] | null; backward: Row[] | null; sums: Row[] | null }>`
    with ${search.tables}, ${tables}
    select ${total} as count,
      case when not ${is_broad} then ${jsonOf(few)} when not ${is_deep} then ${jsonOf(forward)} end as forward,
      case when ${is_broad} and ${is_deep} then ${jsonOf(backward)} end as backward,
      ${sums ? jsonOf(sql`select * from summed`) : sql`null`} as sums`;
  const { rows } = await reader.executeQuery(page.compile(reader));
  const [read] = rows;
  const found = [...(read?.forward ?? []), ...(read?.backward ?? []).reverse()].map(reviveInstants);
  // Cast: the rows are those of the queries, with their instants restored.
  return { count: read?.count ?? 0, results: found as O[], sums: (read?.sums ?? []).map(reviveInstants) as S[] };
}

/**
 * Reads what `build` selects from the rows of all pages of a list: sums and counts over the whole list.
 *
 * The rows of a search are found as `readSearched` finds them.
 */
export async function readOverRows<DB, TB extends keyof DB, O, S>(
  reader: Reader,
  query: Query<DB, TB, O>,
  spec: ListSpec,
  list: ListQuery,
  build: (rows: Query<DB, TB, O>) => Expression<S>,
): Promise<S[]> {
  const search = indexSearch(query, spec, list);
  if (!search) {
    const rows = build(filterByDate(filterByTerms(query, spec, list), spec, list));
    return (await reader.executeQuery(sql<S>`${rows}`.compile(reader))).rows;
  }
  const statement = sql<{ rows: Row[] }>`with ${search.tables}
    select ${eitherWay(search, (rows) => jsonOf(build(rows)))} as rows`;
  const { rows } = await reader.executeQuery(statement.compile(reader));
  // Cast: the rows are those of `build`, with their instants restored.
  return (rows[0]?.rows ?? []).map(reviveInstants) as S[];
}

/** One of two ways; the other is not executed. */
function eitherWay<DB, TB extends keyof DB, O>(
  { is_broad, few, many }: IndexedSearch<DB, TB, O>,
  build: (rows: Query<DB, TB, O>) => RawBuilder<unknown>,
): RawBuilder<unknown> {
  return sql`case when ${is_broad} then ${build(many)} else ${build(few)} end`;
}

function jsonOf(rows: Expression<unknown>): RawBuilder<unknown> {
  return sql`(select coalesce(json_agg(part_row), '[]') from (${rows}) part_row)`;
}
