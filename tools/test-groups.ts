import { dirname } from 'node:path';

/**
 * Most files of one process. More files per process load the program less often; fewer use less memory and divide the
 * work more evenly.
 */
const FILES_MAX = 14;

/** Tests that walk the whole site: a file takes about five times as long as one of a room. */
const LONG = 'test/conformance/';
const LONG_FILES_MAX = 5;

/** Fewest files of a room that has a process of its own: loading the program takes 2 s of CPU. */
const FILES_MIN = 5;

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
 * there are more than `FILES_MAX`, and those of small rooms together. The long tests first, then the separate files,
 * then the largest groups, so that the last process to end is a short one.
 *
 * The groups depend on the names of the files only, so that a run can be repeated.
 */
export function groupTests(files: readonly string[]): string[][] {
  const kinds = Object.groupBy([...files].toSorted(), (file) =>
    SEPARATE.some((path) => file.startsWith(path)) ? 'separate' : file.startsWith(LONG) ? 'long' : 'other',
  );
  const { separate = [], long = [], other = [] } = kinds;
  const rooms = Map.groupBy(other, (file) => dirname(file).split('/').slice(0, 2).join('/'));
  const { small = [], large = [] } = Object.groupBy(rooms.values(), ({ length }) =>
    length < FILES_MIN ? 'small' : 'large',
  );
  return [
    ...inParts(long, LONG_FILES_MAX),
    ...separate.map((file) => [file]),
    ...[...large, small.flat()].flatMap((room) => inParts(room, FILES_MAX)).toSorted((a, b) => b.length - a.length),
  ];
}

/**
 * True for the tests next to the code that open no database (STYLE.md), and whose result therefore does not depend on
 * it. `.dependency-cruiser.cjs` refuses such a file that reaches the database of the tests.
 */
export function isPure(file: string): boolean {
  return /^(?:src|tools|ui)\/.*(?<![.]db)[.]test[.]ts$/.test(file);
}

function inParts(files: string[], files_max: number): string[][] {
  const count = Math.ceil(files.length / files_max);
  return Array.from({ length: count }, (_, part) =>
    files.slice(Math.round((part * files.length) / count), Math.round(((part + 1) * files.length) / count)),
  );
}
