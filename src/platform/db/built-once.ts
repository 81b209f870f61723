import type { CompiledQuery } from 'kysely';
import type { Reader } from './database.ts';

/** Stands for the value at `index` while the query is built. */
class Slot {
  readonly index: number;
  constructor(index: number) {
    this.index = index;
  }
}

/**
 * A query that is built and compiled at its first use only, and run with other values from then on.
 *
 * Why: for what runs with every request, building a select of twenty columns costs more than waiting for its row.
 * `build` may pass its values on to the query and do nothing else with them: they are not there yet. No lists (`in`).
 */
export function builtOnce<V extends readonly unknown[], O>(
  build: (reader: Reader, ...values: V) => { compile(): CompiledQuery<O> },
): (reader: Reader, ...values: V) => Promise<O[]> {
  let compiled: CompiledQuery<O> | null = null;
  return async (reader, ...values) => {
    // A slot passes for any value, as nobody looks at it before it is replaced below.
    compiled ??= build(reader, ...(values.map((_, index) => new Slot(index)) as unknown as V)).compile();
    const parameters = compiled.parameters.map((given) => (given instanceof Slot ? values[given.index] : given));
    const query: CompiledQuery<O> = { ...compiled, parameters };
    const { rows } = await reader.executeQuery(query);
    return rows;
  };
}
