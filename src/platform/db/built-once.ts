import type { CompiledQuery } from 'kysely';
import type { Reader } from './database.ts';

/** Placeholder of the value at `index` while the query is built. */
class Slot {
  readonly index: number;
  constructor(index: number) {
    this.index = index;
  }
}

/**
 * A query that is built and compiled at its first use, and then run with the values of each call.
 *
 * Why: for a query of every request, building a select of twenty columns takes longer than the query.
 * `build` may only pass its values to the query, because they are placeholders. No lists (`in`).
 */
export function builtOnce<V extends readonly unknown[], O>(
  build: (reader: Reader, ...values: V) => { compile(): CompiledQuery<O> },
): (reader: Reader, ...values: V) => Promise<O[]> {
  let compiled: CompiledQuery<O> | null = null;
  return async (reader, ...values) => {
    // A placeholder has the type of a value; `run` replaces it before the query is executed.
    compiled ??= build(reader, ...(values.map((_, index) => new Slot(index)) as unknown as V)).compile();
    const parameters = compiled.parameters.map((given) => (given instanceof Slot ? values[given.index] : given));
    const query: CompiledQuery<O> = { ...compiled, parameters };
    const { rows } = await reader.executeQuery(query);
    return rows;
  };
}
