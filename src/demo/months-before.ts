/** Returns the same time of day `months` calendar months earlier, on the 28th at the latest. */
export function monthsBefore(instant: Date, months: number): Date {
  const at = new Date(instant);
  at.setUTCDate(Math.min(at.getUTCDate(), 28));
  at.setUTCMonth(at.getUTCMonth() - months);
  return at;
}
