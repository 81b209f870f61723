import { type CompiledQuery, type RawBuilder, sql } from 'kysely';
import type { Reader } from './database.ts';
import { prepareAtFirstRun } from './prepared.ts';
import { findSharedReads } from './shared-reads.ts';

/** Placeholder of the value at `index` while the query is built. */
class Slot {
  readonly index: number;
  constructor(index: number) {
    this.index = index;
  }
}

/**
 * Builds a query with its values as parameters. No lists (`in`): `eb.fn.any(eb.val(ids))` takes an array as one value.
 * No condition may depend on a value: the values are placeholders.
 */
type Build<V extends readonly unknown[], O> = (reader: Reader, ...values: V) => { compile(): CompiledQuery<O> };
type Run<V extends readonly unknown[], O> = (reader: Reader, ...values: V) => Promise<O[]>;

/**
 * A query that is built, compiled and prepared at its first use, and then run with the values of each call.
 *
 * Why: for a query of every request, building a select of twenty columns takes longer than the query.
 */
export function builtOnce<V extends readonly unknown[], O>(build: Build<V, O>): Run<V, O> {
  const fill = filling(build);
  return (reader, ...values) => execute(reader, fill(reader, values));
}

let names_count = 0;

/**
 * The same as `builtOnce` for a read of few rows by an index. Outside transactions it is sent on the connections that
 * all point reads share, with a limit of 2 s.
 *
 * Not for lists, sums over history or writes: a slow statement delays the reads behind it.
 * @see docs/decisions/0054-pipelined-point-reads.md
 */
export function pointRead<V extends readonly unknown[], O>(build: Build<V, O>): Run<V, O> {
  const fill = filling(build);
  const name = `point${(names_count += 1)}`;
  return (reader, ...values) => {
    const query = fill(reader, values);
    const shared = findSharedReads(reader);
    if (!shared) return execute(reader, query);
    return shared.read({ name, text: query.sql, values: [...query.parameters] }, () => execute(reader, query));
  };
}

/**
 * The right side of a comparison with one of several values: `where id = any(…)`.
 *
 * Why a subquery: the server would plan a statement with an array again for each number of values, which takes longer
 * than to find a few rows by an index.
 */
export function oneOf<T>(values: readonly T[], type: 'bigint' | 'text'): RawBuilder<T> {
  return sql<T>`any(array(select unnest(${values}::${sql.raw(type)}[])))`;
}

/** Returns placeholders in place of the values. */
export function makeSlots<V extends readonly unknown[]>(values: V): V {
  // A placeholder has the type of a value; it is replaced before the query is executed.
  return values.map((_, index) => new Slot(index)) as unknown as V;
}

/** Replaces the placeholders of a query by values. */
export function fillSlots(parameters: readonly unknown[], values: readonly unknown[]): unknown[] {
  return parameters.map((given) => (given instanceof Slot ? values[given.index] : given));
}

function filling<V extends readonly unknown[], O>(build: Build<V, O>): (reader: Reader, values: V) => CompiledQuery<O> {
  let compiled: CompiledQuery<O> | null = null;
  return (reader, values) => {
    if (!compiled) {
      compiled = build(reader, ...makeSlots(values)).compile();
      prepareAtFirstRun(compiled.sql);
    }
    return { ...compiled, parameters: fillSlots(compiled.parameters, values) };
  };
}

async function execute<O>(reader: Reader, query: CompiledQuery<O>): Promise<O[]> {
  return (await reader.executeQuery(query)).rows;
}
