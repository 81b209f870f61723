import type { Insertable } from 'kysely';
import type { Schema } from './db-schema.ts';
import { fragment, type Fragment, joinFragments, nameFragment, verbatimFragment } from './fragment.ts';

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
  derived: Readonly<Record<string, Fragment>> = {},
): Fragment {
  const others = Object.keys(derived).map(nameFragment);
  const names = listed(columns);
  const all = joinFragments([names, ...others]);
  const selected = joinFragments([names, ...Object.values(derived)]);
  const rowsOfTable = fragment`json_populate_recordset(null::${nameFragment(table)}, ${JSON.stringify(rows)}::json)`;
  return fragment`insert into ${nameFragment(table)} (${all}) select ${selected} from ${rowsOfTable}`;
}

function listed(columns: readonly string[]): Fragment {
  return verbatimFragment(columns.map((column) => `"${column}"`).join(', '));
}
