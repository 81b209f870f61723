/** Pages that are named beside the current one. */
const AROUND = 4;

/**
 * Returns the numbers of the pages that a list names: the first, the last, the current one and four around it. Null is
 * a gap of two or more pages.
 */
export function pageNumbers(current: number, last: number): (number | null)[] {
  if (last <= 1) return [];
  const start = Math.max(1, Math.min(current - AROUND / 2, last - AROUND));
  const end = Math.min(last, start + AROUND);
  const numbers = new Set([1, last]);
  for (let number = start; number <= end; number += 1) numbers.add(number);
  // One missing page takes the place of a gap.
  if (numbers.has(3)) numbers.add(2);
  if (numbers.has(last - 2)) numbers.add(last - 1);
  const sorted = [...numbers].toSorted((a, b) => a - b);
  return sorted.flatMap((number, index) =>
    index > 0 && number > (sorted[index - 1] ?? 0) + 1 ? [null, number] : [number],
  );
}
