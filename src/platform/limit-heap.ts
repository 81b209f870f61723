import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/**
 * The old generation is collected when it has grown by this part of what the last collection kept. V8 alone lets it
 * grow up to four times on a machine with much memory.
 */
const OLD_GROWTH_PERCENT = 40;
/** Size of both halves of the young generation above which it does not grow; V8 alone lets it grow to 134 MB. */
const YOUNG_BYTES_MAX = 30_000_000;

/**
 * Limits the garbage that the heap keeps while the process works. What is in use may still grow to the limit of V8.
 *
 * V8 reads the size of the young generation once, before the program; the factor of its growth is read at each growth.
 * The observer sets it after each collection, so that the generation grows again after an idle time has shrunk it.
 *
 * @see docs/decisions/0130-limits-of-the-heap.md
 */
export function limitHeap(): void {
  setFlagsFromString(`--heap-growing-percent=${OLD_GROWTH_PERCENT}`);
  let may_grow = true;
  const observer = new PerformanceObserver(() => {
    const is_small = youngBytes() < YOUNG_BYTES_MAX;
    if (is_small === may_grow) return;
    may_grow = is_small;
    setFlagsFromString(`--semi-space-growth-factor=${may_grow ? 2 : 1}`);
  });
  observer.observe({ entryTypes: ['gc'] });
}

function youngBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? 0;
}
