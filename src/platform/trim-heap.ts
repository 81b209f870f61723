import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options: { type: 'major'; flavor: 'last-resort' }) => void;

/**
 * Collects garbage and returns free pages of the heap to the operating system; blocks for some 100 ms.
 *
 * Why: loading the program fills a young generation of up to 100 MB, which V8 does not shrink while a process is idle.
 * A collection of the kind that V8 runs before it gives up on an allocation shrinks it.
 *
 * @see docs/decisions/0059-trim-the-heap-after-the-start.md
 */
export function trimHeap(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as Collect; // the function that the flag adds to new contexts
  // Contexts that are made later, those of tests for example, get no such function.
  setFlagsFromString('--no-expose-gc');
  collect({ type: 'major', flavor: 'last-resort' });
}
