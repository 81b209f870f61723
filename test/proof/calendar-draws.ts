/** Random numbers of one seed. */
export interface Draws {
  readonly seed: number;
  /** Returns a whole number from `min` to `max`, both inclusive. */
  whole(min: number, max: number): number;
  chance(part: number): boolean;
  one<T>(values: readonly T[]): T;
}

/** Makes draws that depend on the seed only (mulberry32). */
export function makeDraws(seed: number): Draws {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const whole = (min: number, max: number) => min + Math.floor(next() * (max - min + 1));
  return {
    seed,
    whole,
    chance: (part) => next() < part,
    one(values) {
      const value = values[whole(0, values.length - 1)];
      if (value === undefined) throw new Error('there is a value to draw');
      return value;
    },
  };
}
