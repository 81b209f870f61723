import { CompiledQuery, sql } from 'kysely';
import { type Commits, textOfBatch } from './exchange.ts';
import { type builtOnce, pointRead } from './built-once.ts';
import type { Reader, Tx } from './database.ts';
import {
  compileFragment,
  executeFragment,
  fragment,
  Fragment,
  joinFragments,
  nameFragment,
  verbatimFragment,
} from './fragment.ts';

/** A row of a part, as JSON: instants are texts, which `read` converts by `instant`. */
export type JsonRow = Readonly<Record<string, unknown>>;

/**
 * A query that a room contributes to a statement, so that queries that do not depend on each other take one round trip.
 * `read` converts its rows; a part that returns no rows has none.
 *
 * There are three ways to run parts: `readTogether` for a read that is declared once, `runTogether` for parts that are
 * chosen at each call or write, and `runInOrder` and `runAndCommit` for the statements of a transaction. Functions that
 * send queries of their own are joined by `mergeReads`.
 */
export interface Part<T> {
  readonly query: Fragment;
  readonly read: ((rows: readonly JsonRow[]) => T) | null;
}

/** Parts by name. A null part is left out. */
export type Parts = Readonly<Record<string, Part<unknown> | null>>;

/** What a part reads; undefined for a part that was left out. */
export type Outcome<P> = P extends Part<infer T> ? T : undefined;

/** What the parts read, by name. */
export type Outcomes<P extends Parts> = { [K in keyof P]: Outcome<P[K]> };

/** A statement with what it reads. */
export interface Statement<T> {
  readonly query: Fragment;
  readonly read: (rows: readonly JsonRow[]) => T;
}

/** What the statements read, in their order. */
type Readings<S extends readonly Statement<unknown>[]> = {
  -readonly [I in keyof S]: S[I] extends Statement<infer T> ? T : never;
};

/**
 * Runs parts as one statement and returns what each of them read, by its name. A part may name an earlier one in its
 * query, because each is a common table expression with the name of its part; the name hides a table of the same name
 * from later parts. Without parts, nothing is sent.
 *
 * All parts see one snapshot and none of the rows that another one writes, except through the name of that part. So two
 * parts must not write one row, and rows that a lock made the statement wait for need a later statement.
 * @see https://www.postgresql.org/docs/current/queries-with.html
 */
export async function runTogether<P extends Parts>(reader: Reader, parts: P): Promise<Outcomes<P>> {
  if (Object.values(parts).every((part) => part === null)) return {} as Outcomes<P>; // every member is undefined
  const { query, read } = together(parts);
  return read(await executeFragment(reader, query as Fragment<JsonRow>));
}

/** Returns the statement that `runTogether` runs. At least one part. */
export function together<P extends Parts>(parts: P): Statement<Outcomes<P>> {
  const named = Object.entries(parts).flatMap(([name, part]) => (part === null ? [] : [{ name, ...part }]));
  const tables = named.map(({ name, query }) => fragment`${nameFragment(name)} as materialized (${query})`);
  const results = named.flatMap(({ name, read }) => (read === null ? [] : [rowsOf(name)]));
  const query = fragment`with ${joinFragments(tables)} select ${
    results.length === 0 ? verbatimFragment('1') : joinFragments(results)
  }`;
  return {
    query,
    read([row = {}]) {
      // The columns are JSON arrays. The members are those of `parts`, each with the type that its `read` returns.
      const readings = named.map(({ name, read }) => [name, read?.((row[name] ?? []) as JsonRow[])]);
      return Object.fromEntries(readings) as Outcomes<P>;
    },
  };
}

/**
 * Runs statements of a transaction one after the other in one exchange with the server. Each has a snapshot of its own,
 * so that a statement sees what was committed while the one before it waited for a lock. None depends on the result of
 * another one. After an error the rest is not run.
 */
export async function runInOrder<const S extends readonly Statement<unknown>[]>(
  tx: Tx,
  ...statements: S
): Promise<Readings<S>> {
  return send(tx, statements, 'no');
}

/**
 * Runs parts as the last statement of a transaction and commits it in the same exchange. Rejects if the commit is
 * refused. A further statement is a bug, which throws.
 */
export async function runAndCommit<P extends Parts>(tx: Tx, parts: P): Promise<Outcomes<P>> {
  const [outcomes] = await send(tx, [together(parts)], 'flushed');
  return outcomes;
}

/**
 * The same for a transaction whose last statement locks a row for which many wait: its locks are released when it
 * commits, before the commit is on disk. Resolves when it is.
 *
 * Meanwhile others see rows that a crash of the server may undo. What they commit is on disk only after these rows.
 * @see docs/decisions/0090-commits-that-release-early.md
 */
export async function runAndReleaseEarly<P extends Parts>(tx: Tx, parts: P): Promise<Outcomes<P>> {
  const [outcomes] = await send(tx, [together(parts)], 'released_early');
  return outcomes;
}

async function send<const S extends readonly Statement<unknown>[]>(
  tx: Tx,
  statements: S,
  commits: Commits,
): Promise<Readings<S>> {
  const queries = statements.map(({ query }) => compileFragment(query));
  const text = textOfBatch({
    texts: queries.map((query) => query.sql),
    value_counts: queries.map(({ parameters }) => parameters.length),
    commits,
  });
  const values = queries.flatMap(({ parameters }) => parameters);
  const query: CompiledQuery<{ rows: JsonRow[] }> = CompiledQuery.raw(text, values);
  const { rows: results } = await tx.executeQuery(query);
  // Cast: one reading per statement, in the same order.
  return statements.map(({ read }, index) => read(results[index]?.rows ?? [])) as unknown as Readings<S>;
}

function rowsOf(name: string): Fragment {
  const named = nameFragment(name);
  return fragment`(select coalesce(json_agg(${named}), '[]') from ${named}) as ${named}`;
}

/**
 * Converts JSON rows to rows as the driver returns them: the members `instants` become Dates, in place. All other types
 * of this schema are equal in both.
 */
export function readRows<Row extends object>(
  rows: readonly JsonRow[],
  instants: readonly (keyof Row & string)[],
): Row[] {
  for (const row of rows as readonly Record<string, unknown>[]) {
    for (const name of instants) {
      const text = row[name];
      if (typeof text === 'string') row[name] = new Date(text);
    }
  }
  return rows as unknown as Row[]; // the columns that the query of the part selects
}

/** A query builder or a text of SQL, with the type of its rows. */
interface Rows<O> {
  readonly expressionType?: O | undefined;
}
type InstantOf<O> = { [K in keyof O]: Date extends O[K] ? K : never }[keyof O] & string;
type InstantNames<O> = { readonly [K in InstantOf<O>]: true };

/**
 * Makes a part of `readTogether`, which takes queries of Kysely. JSON has no instants: `instants` names every column of
 * that type, which the compiler checks.
 */
export function part<O extends object>(query: Rows<O>, instants: InstantNames<O>): Part<O[]> {
  const names = Object.keys(instants) as InstantOf<O>[]; // the keys of its type
  return { query: new Fragment(['', ''], [query]), read: (rows) => readRows<O>(rows, names) };
}

/**
 * Several reads as one statement that is built once: each part becomes a JSON array of its rows, in its order.
 *
 * Why: each statement costs a wake-up of both processes. A part may depend on the rows of another by a subquery. Rows
 * of other rooms come from queries that their doors export. All parts see the same snapshot.
 */
export function readTogether<V extends readonly unknown[], P extends Parts>(
  build: (reader: Reader, ...values: V) => P,
  run: typeof pointRead | typeof builtOnce = pointRead,
): (reader: Reader, ...values: V) => Promise<Outcomes<P>> {
  let parts: [name: string, read: Part<unknown>['read']][] = [];
  const read = run<V, Record<string, JsonRow[]>>((reader, ...values) => {
    const built = Object.entries(build(reader, ...values)).flatMap(([name, each]) => (each ? [{ name, ...each }] : []));
    parts = built.map(({ name, read: readPart }) => [name, readPart]);
    const columns = built.map(
      ({ name, query }) => sql`(select coalesce(json_agg(part), '[]') from (${query}) as part) as ${sql.id(name)}`,
    );
    const statement = sql<Record<string, JsonRow[]>>`select ${sql.join(columns)}`;
    return { compile: () => statement.compile(reader) };
  });
  return async (reader, ...values) => {
    const [row] = await read(reader, ...values);
    if (!row) throw new Error('a select without from returned no row');
    // The parts give the names and the types of the rows.
    return Object.fromEntries(parts.map(([name, readPart]) => [name, readPart?.(row[name] ?? [])])) as Outcomes<P>;
  };
}
