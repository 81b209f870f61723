/** Returns the change of a value in 1/10 of a percent of its base; null without a base. Pure. */
export function changeOf(value: number, base: number): number | null {
  return base === 0 ? null : Math.round(((value - base) / Math.abs(base)) * 1000);
}
