/** Returns a pure function that keeps its last result, for arguments that are nearly always the same. */
export function keepLast<A extends string | number, R>(compute: (argument: A) => R): (argument: A) => R {
  let last: { argument: A; result: R } | null = null;
  return (argument) => {
    if (last?.argument !== argument) last = { argument, result: compute(argument) };
    return last.result;
  };
}
