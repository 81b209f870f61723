import assert from 'node:assert/strict';
import { glob, readFile } from 'node:fs/promises';
import { test } from 'node:test';

/** Vectors of the specification of Stripe: S1 to S80. */
const VECTORS_COUNT = 80;

/** Vectors that only a measurement can show: bench/stripe.ts prints them. */
const measured: ReadonlySet<string> = new Set(['S68', 'S80']);

/** Vectors at the beginning of the title of a test: `S36: …`, `S39, S40: …`. */
async function namedVectors(): Promise<Set<string>> {
  const named = new Set<string>();
  for await (const file of glob(['src/**/*.test.ts', 'test/**/*.test.ts']))
    for (const [, list = ''] of (await readFile(file, 'utf8')).matchAll(/\(\s*['`]((?:S\d+,? )*S\d+)[ :]/g))
      for (const name of list.split(/,? /)) named.add(name);
  return named;
}

test('each vector of Stripe is named by a test, or is measured', async () => {
  const named = await namedVectors();
  const bench = await readFile('bench/stripe.ts', 'utf8');
  for (const name of measured) assert(bench.includes(`// ${name}\n`), `${name} in bench/stripe.ts`);
  const missing = Array.from({ length: VECTORS_COUNT }, (_, index) => `S${index + 1}`).filter(
    (name) => !named.has(name) && !measured.has(name),
  );
  assert.deepEqual(missing, []);
});
