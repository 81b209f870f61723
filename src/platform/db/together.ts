import { type Expression, type RawBuilder, sql } from 'kysely';
import type { Reader } from './database.ts';

/** A row of a part, as JSON: instants are texts, which `read` converts by `instant`. */
export type JsonRow = Readonly<Record<string, unknown>>;

/**
 * A query that a room contributes to a statement of another room, so that loads or writes that do not depend on each
 * other take one round trip. `read` converts its rows; a part that returns no rows has none.
 */
export interface Part<T> {
  readonly query: Expression<unknown>;
  readonly read: ((rows: readonly JsonRow[]) => T) | null;
}

/** Parts by name. A null part is left out. */
export type Parts = Readonly<Record<string, Part<unknown> | null>>;

/** What a part reads; undefined for a part that was left out. */
type Outcome<P> = P extends Part<infer T> ? T : undefined;

/** What the parts read, by name. */
export type Outcomes<P extends Parts> = { [K in keyof P]: Outcome<P[K]> };

/**
 * Runs parts as one statement and returns what each of them read, by its name. A part may name an earlier one in its
 * query, because each is a common table expression with the name of its part. Without parts, nothing is sent.
 *
 * All parts see one snapshot and none of the rows that another one writes, except through the name of that part. So two
 * parts must not write one row, and rows that a lock made the statement wait for need a later statement.
 * @see https://www.postgresql.org/docs/current/queries-with.html
 */
export async function runTogether<P extends Parts>(reader: Reader, parts: P): Promise<Outcomes<P>> {
  const named = Object.entries(parts).flatMap(([name, part]) => (part === null ? [] : [{ name, ...part }]));
  if (named.length === 0) return {} as Outcomes<P>; // every member is undefined
  const tables = named.map(({ name, query }) => sql`${sql.ref(name)} as materialized (${query})`);
  const results = named.flatMap(({ name, read }) => (read === null ? [] : [rowsOf(name)]));
  const { rows } = await sql<Record<string, JsonRow[]>>`
    with ${sql.join(tables)} select ${results.length === 0 ? sql`1` : sql.join(results)}`.execute(reader);
  const row = rows[0] ?? {};
  // The members are those of `parts`, each with the type that its `read` returns.
  return Object.fromEntries(named.map(({ name, read }) => [name, read?.(row[name] ?? [])])) as Outcomes<P>;
}

function rowsOf(name: string): RawBuilder<unknown> {
  return sql`(select coalesce(json_agg(${sql.ref(name)}), '[]') from ${sql.table(name)}) as ${sql.ref(name)}`;
}

/**
 * Converts JSON rows of a table to rows as the driver returns them: the members `instants` become Dates. All other
 * types of this schema are equal in both.
 */
export function readRows<Row extends object>(
  rows: readonly JsonRow[],
  instants: readonly (keyof Row & string)[],
): Row[] {
  return rows.map((row) => {
    const dates = instants.map((name) => [name, typeof row[name] === 'string' ? new Date(row[name]) : null] as const);
    return { ...row, ...Object.fromEntries(dates) } as Row; // the columns that the query of the part selects
  });
}
