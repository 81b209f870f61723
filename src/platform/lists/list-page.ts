import { type Expression, type RawBuilder, type SelectQueryBuilder, sql, type SqlBool } from 'kysely';
import type { ListQuery } from '#kernel/page';
import type { Reader } from '../db/database.ts';
import { executeMerged, reviveInstants, type Row } from '../db/merge-reads.ts';
import { type ListSpec, offsetOf, orderOf, orderRows, type SortKeys } from './list-order.ts';
import { reference } from './list-search.ts';

/** One page of a list with the number of rows of all pages. */
export interface CountedRows<O> {
  count: number;
  results: O[];
}

/** Rows of a list from which on reading key by key is faster than a sort: few of many keys may have rows. */
const KEYED_ROWS_MIN = 5000;

/** Reads a page in the order of the list, and the count, in one statement. */
export async function readFromStart<DB, TB extends keyof DB, O>(
  reader: Reader,
  filtered: SelectQueryBuilder<DB, TB, O>,
  counted: Expression<unknown>,
  spec: ListSpec,
  list: ListQuery,
): Promise<CountedRows<O>> {
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
 * The rows that are skipped are read by their ids alone, from an index where it has the order and the filter. Both
 * directions are planned and one is executed: the other has the limit 0.
 */
export async function readFromNearestEnd<DB, TB extends keyof DB, O>(
  reader: Reader,
  filtered: SelectQueryBuilder<DB, TB, O>,
  query: {
    first: SelectQueryBuilder<DB, TB, O>;
    last: (rows_count: Expression<number>) => SelectQueryBuilder<DB, TB, O>;
  },
  counted: Expression<unknown>,
  spec: ListSpec,
  list: ListQuery,
): Promise<CountedRows<O>> {
  const [first, size] = [sql.lit(offsetOf(list)), sql.lit(list.page_size)];
  const id = reference(spec.tie_breaker);
  const total = sql<number>`coalesce((select counted.count from counted), 0)`;
  const is_nearer_start = sql`2 * ${first} < ${total}`;
  const from_end = sql<number>`case when ${is_nearer_start} then 0 else greatest(${total} - ${first}, 0) end`;
  const forward = orderRows(query.first.clearSelect().select(id.as('id')), spec, list)
    .limit(sql<number>`case when ${is_nearer_start} then ${size} else 0 end`)
    .offset(first);
  const backward = orderRows(query.last(from_end).clearSelect().select(id.as('id')), spec, list, { reversed: true })
    .limit(sql<number>`case when ${is_nearer_start} then 0 else greatest(least(${size}, ${total} - ${first}), 0) end`)
    .offset(sql<number>`greatest(${total} - ${first} - ${size}, 0)`);
  // An array: the server expects few elements, and reads the rows by their id.
  const shown = sql<boolean>`${id} = any(array((${forward}) union all (${backward})))`;
  const page = sql<{ count: number; results: Row[] }>`
    with counted as materialized (${counted})
    select ${total} as count,
      (select coalesce(json_agg(part_row), '[]') from (${orderRows(filtered.where(shown), spec, list)}) part_row) as results`;
  const { rows } = await reader.executeQuery(page.compile(reader));
  // Cast: the rows are those of the query, with their instants restored.
  return { count: rows[0]?.count ?? 0, results: (rows[0]?.results ?? []).map(reviveInstants) as O[] };
}

/**
 * Reads a page and the count in one statement. The page is read from the first rows of each key, until it is full.
 *
 * Why: no index has the rows of all keys in the order of the list. A short list is sorted instead, unless its keys are
 * merged: both ways are planned and one is executed, the other has the limit 0.
 */
export async function readKeyByKey<DB, TB extends keyof DB, O>(
  reader: Reader,
  filtered: SelectQueryBuilder<DB, TB, O>,
  keys: readonly SortKeys[],
  counted: Expression<unknown>,
  spec: ListSpec,
  list: ListQuery,
): Promise<CountedRows<O>> {
  const size = sql.lit(offsetOf(list) + list.page_size);
  const total = sql<number>`coalesce((select counted.count from counted), 0)`;
  const is_long = sql`${total} >= ${sql.lit(KEYED_ROWS_MIN)}`;
  const id = reference(spec.tie_breaker);
  const ids = filtered.clearSelect().select(id.as('id'));
  const long = (is_read = sql<SqlBool>`true`) =>
    sql<number>`case when ${is_long} and ${is_read} then ${size} else 0 end`;
  const parts = keys.flatMap((each) => {
    const of_keys = each.part === undefined ? filtered : filtered.where(each.part);
    const limit = each.is_merged ? sql<number>`${size}` : long(each.is_read);
    const first = firstOfKeys(of_keys, each, limit, spec, list);
    return each.unknown ? [first, sql`(${orderRows(ids.where(each.unknown), spec, list).limit(long())})`] : [first];
  });
  if (!keys.every(({ is_merged }) => is_merged))
    parts.push(sql`(${orderRows(ids, spec, list).limit(sql<number>`case when ${is_long} then 0 else ${size} end`)})`);
  const tables = keys.flatMap((each) => each.tables ?? []);
  // An array: the server expects few elements, and reads the rows by their id.
  const found = sql<boolean>`${id} = any(array(${sql.join(parts, sql` union all `)}))`;
  const rows = orderRows(filtered.where(found), spec, list).limit(list.page_size).offset(offsetOf(list));
  const page = sql<{ count: number; results: Row[] }>`
    with recursive ${sql.join([sql`counted as materialized (${counted})`, ...tables])}
    select ${total} as count, (select coalesce(json_agg(part_row), '[]') from (${rows}) part_row) as results`;
  const { rows: read } = await reader.executeQuery(page.compile(reader));
  // Cast: the rows are those of the query, with their instants restored.
  return { count: read[0]?.count ?? 0, results: (read[0]?.results ?? []).map(reviveInstants) as O[] };
}

/** Selects the ids of the first rows of a list from the first rows of its keys. */
function firstOfKeys<DB, TB extends keyof DB, O>(
  filtered: SelectQueryBuilder<DB, TB, O>,
  keys: SortKeys,
  size: RawBuilder<number>,
  spec: ListSpec,
  list: ListQuery,
): RawBuilder<unknown> {
  const order = orderOf(spec, list);
  const direction = (descending: boolean) => sql.raw(descending ? 'desc' : 'asc');
  // The rows of one key have one value of the sort field and of the key.
  const places = keys.is_merged ? order : order.slice(2);
  const known = keys.unknown ? filtered.where(sql<boolean>`not (${keys.unknown})`) : filtered;
  const of_key = places.reduce(
    (query, { column, descending }) => query.orderBy(reference(column), descending ? 'desc' : 'asc'),
    known
      .clearSelect()
      .select([
        reference(spec.tie_breaker).as('id'),
        ...places.map(({ column }, index) => reference(column).as(`place_${index}`)),
      ])
      .where(sql<boolean>`${reference(keys.scope)} = sort_key.id`)
      .limit(sql<number>`${sql.lit(offsetOf(list) + list.page_size)}`),
  );
  if (keys.is_merged) {
    const places_of = places.map(
      ({ descending }, index) => sql`${sql.ref(`found.place_${index}`)} ${direction(descending)}`,
    );
    return sql`(select found.id from ${keys.keys} as sort_key cross join lateral (${of_key}) as found
      order by ${sql.join(places_of)} limit ${size})`;
  }
  // The rows of a key stand in the order of `of_key`. No order of the joined rows is requested, since an incremental
  // sort reads on to the first row of the next key, which may not exist.
  const by_key = ['value', ...(keys.is_unique ? [] : ['id'])].map(
    (name) => sql`${sql.ref(`sort_key.${name}`)} ${direction(order[0]?.descending ?? false)}`,
  );
  return sql`(select found.id from ${keys.keys} as sort_key cross join lateral (${of_key}) as found
    order by ${sql.join(by_key)} limit ${size})`;
}
