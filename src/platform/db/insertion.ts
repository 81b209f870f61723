import { type Expression, type Insertable, type RawBuilder, sql } from 'kysely';
import type { Schema } from './db-schema.ts';

/**
 * Returns `insert into … select …` of rows that travel as one JSON parameter. The text does not depend on the number of
 * rows, so that it stays prepared. Not for columns of JSON, which would store its text.
 *
 * `derived` are columns with one expression for all rows, such as the id of a row that the same statement inserts. A
 * column that is in neither list gets its default. The caller appends `where` and `returning`.
 */
export function insertion<T extends keyof Schema, C extends keyof Insertable<Schema[T]> & string>(
  table: T,
  columns: readonly C[],
  rows: readonly Pick<Insertable<Schema[T]>, C>[],
  derived: Readonly<Record<string, Expression<unknown>>> = {},
): RawBuilder<unknown> {
  const names = columns.map((column) => sql.ref(column));
  const others = Object.keys(derived).map((column) => sql.ref(column));
  return sql`insert into ${sql.table(table)} (${sql.join([...names, ...others])})
    select ${sql.join([...names, ...Object.values(derived)])}
    from json_populate_recordset(null::${sql.table(table)}, ${JSON.stringify(rows)}::json)`;
}
