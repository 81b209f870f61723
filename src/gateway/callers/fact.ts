import type { FactKind, Facts, LoadFact } from '#platform/facts/facts';

/** A fact of the database on which a decision depends. */
export interface Fact<V extends object> {
  readonly kind: FactKind<V>;
  readonly key: string | number;
  readonly load: LoadFact<V>;
  /** False for a fact whose changes are not recorded: it is read for each decision. */
  readonly is_kept?: false;
}

/** The source of the facts of decisions. */
export interface FactMemory {
  /** Returns the value if it is in memory and may be used. */
  peek<V extends object>(fact: Fact<V>): V | undefined;
  /** Returns the value from memory or loads it; null if the database has none. */
  get<V extends object>(fact: Fact<V>): Promise<V | null>;
}

/** Reads a fact for a decision: null if there is none, undefined if it must be loaded first. */
export type ReadFact = <V extends object>(fact: Fact<V>) => V | null | undefined;

/** Keeps the facts of decisions in the memory of the process. */
export function makeFactMemory(facts: Facts): FactMemory {
  return {
    peek: ({ kind, key, is_kept }) => (is_kept === false ? undefined : facts.peek(kind, key)),
    get: async (fact) => {
      if (fact.is_kept === false) return noMemory.get(fact);
      return (await facts.get(fact.kind, fact.key, fact.load)) ?? null;
    },
  };
}

/** Loads every fact from the database and keeps none. */
export const noMemory: FactMemory = {
  peek: () => undefined,
  get: async ({ load }) => (await load())?.value ?? null,
};

/**
 * Runs a decision until every fact that it reads is present, and returns its result. Facts that are missing together
 * are loaded together. `decide` has no effects: it runs once more after each load.
 */
export async function decideWith<R>(memory: FactMemory, decide: (read: ReadFact) => R | undefined): Promise<R> {
  const loaded = new Map<string, object | null>();
  for (;;) {
    const missing: Fact<object>[] = [];
    const read: ReadFact = <V extends object>(fact: Fact<V>) => {
      const present = loaded.get(nameOf(fact));
      if (present !== undefined) return present as V | null; // loaded for a fact of the same kind and key
      const value = memory.peek(fact);
      if (value === undefined) missing.push(fact);
      return value;
    };
    const result = decide(read);
    if (result !== undefined) return result;
    if (missing.length === 0) throw new Error('a decision without missing facts has a result');
    await Promise.all(
      missing.map(async (fact) => {
        loaded.set(nameOf(fact), await memory.get(fact));
      }),
    );
  }
}

function nameOf({ kind, key }: Fact<object>): string {
  return `${kind.name} ${key}`;
}
