import { sql } from 'kysely';
import { type builtOnce, pointRead } from './built-once.ts';
import type { Reader } from './database.ts';

type InstantOf<O> = { [K in keyof O]: Date extends O[K] ? K : never }[keyof O] & string;
type InstantNames<O> = { readonly [K in InstantOf<O>]: true };

/** A query builder or a text of SQL, with the type of its rows. */
interface Rows<O> {
  readonly expressionType?: O | undefined;
}

/** A query whose rows are read as one JSON value. */
export interface Part<O> {
  query: Rows<O>;
  instants: readonly string[];
}

/**
 * Makes a part of `readTogether`. JSON has no instants: `instants` names every column of that type, which the compiler
 * checks.
 */
export function part<O>(query: Rows<O>, instants: InstantNames<O>): Part<O> {
  return { query, instants: Object.keys(instants) };
}

/** Rows of each part. */
export type Together<P> = { [K in keyof P]: RowsOf<P[K]> };

/** Rows of one part. */
export type RowsOf<P> = P extends Part<infer O> ? O[] : never;

/**
 * Several reads as one statement that is built once: each part becomes a JSON array of its rows, in its order.
 *
 * Why: each statement costs a wake-up of both processes. A part may depend on the rows of another by a subquery. Rows
 * of other rooms come from queries that their doors export. All parts see the same snapshot.
 */
export function readTogether<V extends readonly unknown[], P extends Record<string, Part<unknown>>>(
  build: (reader: Reader, ...values: V) => P,
  run: typeof pointRead | typeof builtOnce = pointRead,
): (reader: Reader, ...values: V) => Promise<Together<P>> {
  let instants: [name: string, columns: readonly string[]][] = [];
  const read = run<V, Record<string, Record<string, unknown>[]>>((reader, ...values) => {
    const parts = Object.entries(build(reader, ...values));
    instants = parts.map(([name, { instants: columns }]) => [name, columns]);
    const columns = parts.map(
      ([name, { query }]) => sql`(select coalesce(json_agg(part), '[]') from (${query}) as part) as ${sql.id(name)}`,
    );
    const statement = sql<Record<string, Record<string, unknown>[]>>`select ${sql.join(columns)}`;
    return { compile: () => statement.compile(reader) };
  });
  return async (reader, ...values) => {
    const [row] = await read(reader, ...values);
    if (!row) throw new Error('a select without from returned no row');
    for (const [name, columns] of instants) for (const each of row[name] ?? []) reviveInstants(each, columns);
    return row as Together<P>; // the parts give the names and the types of the rows
  };
}

function reviveInstants(row: Record<string, unknown>, columns: readonly string[]): void {
  for (const column of columns) {
    const text = row[column];
    if (typeof text === 'string') row[column] = new Date(text);
  }
}
