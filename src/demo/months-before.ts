/** The same time of day, that many calendar months earlier; at the latest on the 28th, which every month has. */
export function monthsBefore(instant: Date, months: number): Date {
  const at = new Date(instant);
  at.setUTCDate(Math.min(at.getUTCDate(), 28));
  at.setUTCMonth(at.getUTCMonth() - months);
  return at;
}
