/** Cuts an instant to whole seconds: the instant of an operation on a subscription, of all its rows. Pure. */
export function wholeSecond(at: Date): Date {
  return new Date(Math.floor(at.getTime() / 1000) * 1000);
}
