/** Random numbers that a seed determines. Each part of a simulation has a stream of its own, by its name. */
export interface Random {
  /** At least 0 and less than 1. */
  next(): number;
  /** True with a probability. */
  chance(probability: number): boolean;
  /** Integer from `min` to `max`, both inclusive. */
  integer(min: number, max: number): number;
  pick<T>(options: readonly [T, ...T[]]): T;
}

/** Makes the stream of a name under a seed (FNV-1a of both, then mulberry32). */
export function makeRandom(seed: number, name: string): Random {
  let state = 0x811c9dc5;
  for (const unit of Buffer.from(`${seed}/${name}`)) state = Math.imul(state ^ unit, 0x01000193);
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const integer = (min: number, max: number) => min + Math.floor(next() * (max - min + 1));
  return {
    next,
    chance: (probability) => next() < probability,
    integer,
    pick: (options) => options[integer(0, options.length - 1)] ?? options[0],
  };
}
