import { dirname } from 'node:path';

/**
 * Most files of one process. A process uses about 10 s of CPU before it is as fast as a warm one: it loads the program,
 * and compiles the program and the embedded database again. Fewer files divide the work more evenly at the end.
 */
const FILES_MAX = 30;

/** Fewest files of a room that has a process of its own. */
const FILES_MIN = 12;

/** Tests that walk a whole site, start programs or draw histories, with the most files of one process. */
const LONG: readonly [path: string, files_max: number][] = [
  ['test/conformance/', 11],
  ['test/proof/', 4],
  ['test/journeys/', 4],
];

/** Tests that measure the memory of their process, and a file whose last hook does not end inside a suite. */
const SEPARATE = [
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
  const sorted = [...files].toSorted();
  const separate = sorted.filter((file) => SEPARATE.includes(file));
  const together = sorted.filter((file) => !SEPARATE.includes(file));
  const long = LONG.map(([path, files_max]) =>
    inParts(
      together.filter((file) => file.startsWith(path)),
      files_max,
    ),
  );
  const other = together.filter((file) => !LONG.some(([path]) => file.startsWith(path)));
  const rooms = Map.groupBy(other, (file) => dirname(file).split('/').slice(0, 2).join('/'));
  const { small = [], large = [] } = Object.groupBy(rooms.values(), ({ length }) =>
    length < FILES_MIN ? 'small' : 'large',
  );
  return [
    ...long.flat(),
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

/** Tests that do the same with and without TEST_DATABASE_URL: they start programs without a server, or read files. */
export const EMBEDDED = [
  'test/conformance/loaded-libraries.test.ts',
  'test/conformance/old-names.test.ts',
  'test/conformance/property-names.test.ts',
  'test/conformance/theme-colours.test.ts',
  'test/conformance/vector-names.test.ts',
  'test/journeys/first-start.test.ts',
  'test/journeys/read-session.test.ts',
  'test/journeys/safe-start.test.ts',
  'test/journeys/shutdown.test.ts',
  'test/proof/model.test.ts',
];

/**
 * Long walks, vectors, drawn histories, and courses at the emulator of Stripe. The other tests next to the code prove
 * their SQL on both databases.
 */
export const LONG_ON_SERVER = [
  'src/billing/dunning/closing.db.test.ts',
  'src/billing/dunning/stripe-declines.db.test.ts',
  'src/billing/finish-links/',
  'src/metrics/point-rows.db.test.ts',
  'src/payments/intake/direct-charges.db.test.ts',
  'src/payments/intake/exchange-differences.db.test.ts',
  'src/payments/intake/stripe-books.db.test.ts',
  'src/payments/intake/waiting-messages.db.test.ts',
  'test/conformance/api-examples.test.ts',
  'test/conformance/changes-vectors/',
  'test/conformance/default-theme.test.ts',
  'test/conformance/deletes-while-used.test.ts',
  'test/conformance/documented-lists.test.ts',
  'test/conformance/first-proof.test.ts',
  'test/conformance/fuzz.test.ts',
  'test/conformance/list-orders.test.ts',
  'test/conformance/lists.test.ts',
  'test/conformance/long-list.test.ts',
  'test/conformance/money-files.test.ts',
  'test/conformance/money-replays.test.ts',
  'test/conformance/page-forms.test.ts',
  'test/journeys/crash-between-charge-and-settle.test.ts',
  'test/journeys/ledger-command.test.ts',
  'test/proof/calendar.test.ts',
  'test/proof/crash-at-stripe.test.ts',
  'test/proof/declined-at-stripe.test.ts',
  'test/proof/properties.test.ts',
  'test/proof/property-time.test.ts',
  'test/proof/races.test.ts',
  'test/proof/renewals-at-stripe.test.ts',
  'test/proof/sequences.test.ts',
  'test/proof/simulation.test.ts',
  'test/proof/stripe-checkouts.test.ts',
  'test/proof/stripe.test.ts',
];

export interface Databases {
  /** The tests run on the server that TEST_DATABASE_URL names. */
  on_server: boolean;
  /** The tests run on the embedded database, and a run on a server follows (TEST_SERVER_FOLLOWS). */
  server_follows: boolean;
}

/** Returns the files that another run on the same code covers, with the reason. */
export function findLeftOut(files: readonly string[], { on_server, server_follows }: Databases): Map<string, string> {
  const reasons = new Map<string, string>();
  const startsWith = (paths: readonly string[], file: string) => paths.some((path) => file.startsWith(path));
  for (const file of files) {
    if (on_server && isPure(file)) reasons.set(file, 'they open no database');
    else if (on_server && startsWith(EMBEDDED, file)) reasons.set(file, 'they do not use TEST_DATABASE_URL');
    else if (!on_server && server_follows && startsWith(LONG_ON_SERVER, file))
      reasons.set(file, 'they are long and run on the server that follows');
  }
  return reasons;
}
