import { type SelectQueryBuilder, sql, type SqlBool } from 'kysely';
import type { ListQuery } from '#kernel/page';
import type { ListSpec } from './list-order.ts';
import { columnOf, matchTerms, reference } from './list-search.ts';

type Query<DB, TB extends keyof DB, O> = SelectQueryBuilder<DB, TB, O>;

/** Restricts a query to the rows that contain a term of the list in a requested field, or in any searched field. */
export function filterByTerms<DB, TB extends keyof DB, O>(
  query: Query<DB, TB, O>,
  spec: ListSpec,
  list: ListQuery,
  { are_many } = { are_many: false },
): Query<DB, TB, O> {
  const requested = list.fields.flatMap((name) => columnOf(spec.search, name) ?? []);
  const implied = new Set(spec.implied);
  const all = Object.entries(spec.search).flatMap(([name, column]) => (implied.has(name) ? [] : [column]));
  const columns = requested.length > 0 ? requested : all;
  if (list.terms.length === 0 || columns.length === 0) return query;
  const matches = matchTerms(list.terms, columns);
  // The server expects few rows of a pattern, and half of the rows of a case: it then reads them in their order.
  return query.where(are_many ? sql<SqlBool>`case when ${matches} then true else false end` : matches);
}

/** Restricts a query to the requested period. */
export function filterByDate<DB, TB extends keyof DB, O>(
  query: Query<DB, TB, O>,
  spec: ListSpec,
  list: ListQuery,
): Query<DB, TB, O> {
  if (spec.date === undefined) return query;
  const date = reference(spec.date);
  let bounded = query;
  if (list.start_at) bounded = bounded.where(sql<boolean>`${date} >= ${list.start_at}`);
  if (list.ends_at) bounded = bounded.where(sql<boolean>`${date} < ${list.ends_at}`);
  return bounded;
}
