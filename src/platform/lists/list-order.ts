import type { SelectQueryBuilder } from 'kysely';
import type { ListQuery } from '#kernel/page';
import { type AnyColumn, columnOf, reference } from './list-search.ts';
import type { ListSpec } from '../db/list.ts';

/**
 * Orders by the requested columns, then by the default order and the tie breaker. When the first requested column
 * descends, what follows is reversed too, so that one index serves a column in both directions.
 */
export function orderRows<DB, TB extends keyof DB, O>(
  query: SelectQueryBuilder<DB, TB, O>,
  spec: ListSpec,
  list: ListQuery,
  { reversed } = { reversed: false },
): SelectQueryBuilder<DB, TB, O> {
  return orderOf(spec, list).reduce(
    (ordered, { column, descending }) => ordered.orderBy(reference(column), descending !== reversed ? 'desc' : 'asc'),
    query,
  );
}

/** Returns the columns of the whole order of a list; the last one is unique, so that the order is total. */
export function orderOf(spec: ListSpec, list: ListQuery): { column: AnyColumn; descending: boolean }[] {
  const order = list.order.flatMap(({ field, descending }) => {
    const column = columnOf(spec.sort, field);
    return column === undefined ? [] : [{ column, descending }];
  });
  const flipped = order[0]?.descending === true;
  for (const { column, descending } of spec.default_order) {
    if (!order.some((each) => each.column === column)) order.push({ column, descending: descending !== flipped });
  }
  // Same direction as the column before, so that one index serves both.
  if (!order.some(({ column }) => column === spec.tie_breaker)) {
    order.push({ column: spec.tie_breaker, descending: order.at(-1)?.descending ?? false });
  }
  return order;
}
