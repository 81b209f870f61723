import { glob, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { pathToFileURL } from 'node:url';
import { findLeftOut, groupTests } from './test-groups.ts';

/**
 * Runs the tests of these patterns and prints the slowest files; exits with 1 if a test failed.
 *
 * Files of one room run one after the other in one process. Measured on the tests of `src/billing`: 58 s of CPU, with a
 * process for each file 111 s, because each process loads the program and compiles it again.
 *
 * Files that another run covers are left out: with TEST_DATABASE_URL those that do the same without it, with
 * TEST_SERVER_FOLLOWS=1 the long ones that the run with TEST_DATABASE_URL repeats.
 *
 * Usage: `node tools/run-tests.ts pattern…`
 */
const TEST_MS_MAX = 300_000;
const SLOWEST_COUNT = 10;

const found: string[] = [];
for await (const file of glob(process.argv.slice(2))) found.push(file.replaceAll('\\', '/'));
if (found.length === 0) throw new Error('no file matches');
const on_server = Boolean(process.env['TEST_DATABASE_URL']);
const left_out = findLeftOut(found, { on_server, server_follows: process.env['TEST_SERVER_FOLLOWS'] === '1' });
for (const [reason, { length }] of Map.groupBy(left_out.keys(), (file) => left_out.get(file)))
  console.log(`left out: ${length} files, because ${reason}`);
const files = found.filter((file) => !left_out.has(file));
if (files.length === 0) process.exit();
const groups = groupTests(files);
const folder = await mkdtemp(join(tmpdir(), 'tollgate-tests-'));
// Processes share the code that V8 compiled and the types that Node.js stripped; measured: 0.5 s of CPU per process.
process.env['NODE_COMPILE_CACHE'] ??= join(folder, 'compiled');
const durations: [name: string, ms: number][] = [];
const stream = run({
  files: await Promise.all(groups.map(programOf)),
  // One more than cores: tests wait for a server, for a program that they start, or for a lock.
  concurrency: availableParallelism() + 1,
  timeout: TEST_MS_MAX,
});
stream.on('test:complete', ({ name, nesting, details }) => {
  if (nesting === 0 && files.includes(name)) durations.push([name, details.duration_ms]);
});
stream.on('test:fail', () => {
  process.exitCode = 1;
});
await pipeline(stream, new spec(), process.stdout, { end: false });
await finish();

/**
 * Returns the program of a group: its only file, or a new one with a suite for each file, because hooks outside a suite
 * apply to the whole process.
 */
async function programOf(group: readonly string[], index: number): Promise<string> {
  const [only = ''] = group;
  if (group.length === 1) return resolve(only);
  const urls = group.map((file) => [file, pathToFileURL(resolve(file)).href]);
  const path = join(folder, `${index}-${dirname(only).replaceAll('/', '-')}.mjs`);
  // One import at a time: tests join the suite whose import evaluates their module, and concurrent imports mix them.
  const program = `
    import { describe } from 'node:test';
    for (const [file, url] of ${JSON.stringify(urls)})
      await new Promise((resolve) => describe(file, () => import(url).finally(resolve)));`;
  await writeFile(path, program);
  return path;
}

async function finish(): Promise<void> {
  await rm(folder, { recursive: true });
  const reported = new Set(durations.map(([name]) => name));
  const grouped = groups.filter(({ length }) => length > 1).flat();
  for (const file of grouped.filter((each) => !reported.has(each))) {
    console.error(`not run to its end, because its process ended: ${file}`);
    process.exitCode = 1;
  }
  durations.sort(([, a], [, b]) => b - a);
  for (const [name, ms] of durations.slice(0, SLOWEST_COUNT))
    console.log(`${(ms / 1000).toFixed(1).padStart(6)} s  ${name}`);
}
