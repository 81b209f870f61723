import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

/**
 * Prints the largest sizes of the young and of the old generation, in MB, of a process that keeps some 40 MB and makes
 * objects that live for a while, as a batch of a job does.
 */
const program = `
  import { getHeapSpaceStatistics } from 'node:v8';
  import { limitHeap } from ${JSON.stringify(new URL('limit-heap.ts', import.meta.url).href)};
  import { trimHeap } from ${JSON.stringify(new URL('trim-heap.ts', import.meta.url).href)};
  const kept = Array.from({ length: 300_000 }, (_, index) => ({ index, parts: [index] }));
  trimHeap();
  if (process.argv.at(-1) === 'limited') limitHeap();
  const largest = { new_space: 0, old_space: 0 };
  const queue = [];
  for (let round = 0; round < 200; round += 1) {
    queue.push(Array.from({ length: 20_000 }, (_, index) => ({ round, index, parts: [round] })));
    if (queue.length > 8) queue.shift();
    for (const { space_name, space_size } of getHeapSpaceStatistics())
      if (space_name in largest) largest[space_name] = Math.max(largest[space_name], space_size);
    await new Promise((resolve) => setImmediate(resolve));
  }
  console.log(JSON.stringify({ ...largest, kept: kept.length }));
`;

/** V8 derives its limits from the memory of the machine; with these they are those of a large one. */
const large_machine = ['--max-old-space-size=4096', '--max-semi-space-size=32'];

async function measure(mode: 'limited' | 'free'): Promise<{ new_space: number; old_space: number }> {
  const options = [...large_machine, '--input-type=module', '-e', program, '--', mode];
  const { stdout } = await promisify(execFile)(process.execPath, options);
  return JSON.parse(stdout) as { new_space: number; old_space: number };
}

test('a process with limits keeps a small young generation and less garbage in the old one', async () => {
  const [limited, free] = [await measure('limited'), await measure('free')];
  const sizes = JSON.stringify({ limited, free });
  assert.ok(limited.new_space < free.new_space, sizes);
  // Growth doubles the generation, and one step may follow before the limit is set.
  assert.ok(limited.new_space < 60e6, sizes);
  assert.ok(limited.new_space > 15e6, sizes);
  assert.ok(limited.old_space < free.old_space * 0.75, sizes);
});
