import { dirname } from 'node:path';

/**
 * Most files of one process. More files per process load the program less often; fewer use less memory and divide the
 * work more evenly.
 */
const FILES_MAX = 14;

/**
 * Tests that start and stop programs, tests that take long, tests that measure the memory of their process, and a file
 * whose last hook does not end inside a suite.
 */
const SEPARATE = [
  'test/journeys/',
  'test/browser/',
  'test/proof/',
  'src/gateway/gateway.db.test.ts',
  'src/platform/facts/burst.test.ts',
  'src/platform/trim-heap.test.ts',
  'test/conformance/floods.test.ts',
];

/**
 * Divides test files into groups, of which each is run by one process: the files of a room together, in equal parts if
 * there are more than `FILES_MAX`. The separate files first, then the largest groups, so that the last process to end
 * is a short one.
 *
 * The groups depend on the names of the files only, so that a run can be repeated.
 */
export function groupTests(files: readonly string[]): string[][] {
  const sorted = [...files].toSorted();
  const separate = sorted.filter((file) => isSeparate(file)).map((file) => [file]);
  const others = sorted.filter((file) => !isSeparate(file));
  const rooms = Map.groupBy(others, (file) => dirname(file).split('/').slice(0, 2).join('/'));
  return [...separate, ...[...rooms.values()].flatMap(inParts).toSorted((a, b) => b.length - a.length)];
}

function isSeparate(file: string): boolean {
  return SEPARATE.some((path) => file.startsWith(path));
}

/**
 * True for the tests next to the code that open no database (STYLE.md), and whose result therefore does not depend on
 * it. `.dependency-cruiser.cjs` refuses such a file that reaches the database of the tests.
 */
export function isPure(file: string): boolean {
  return /^(?:src|tools|ui)\/.*(?<![.]db)[.]test[.]ts$/.test(file);
}

function inParts(files: string[]): string[][] {
  const count = Math.ceil(files.length / FILES_MAX);
  return Array.from({ length: count }, (_, part) =>
    files.slice(Math.round((part * files.length) / count), Math.round(((part + 1) * files.length) / count)),
  );
}
