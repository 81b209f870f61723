import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Properties that hold for any commands on subscriptions: changes.md §13. */
const PROPERTIES = 16;

/** Returns the numbers in a title of a test: `property 4: …`, `properties 1, 2 and 3 …`. */
function numbersIn(title: string): number[] {
  const [, list = ''] = /\bpropert(?:y|ies) (\d+(?:(?:, | and )\d+)*)/.exec(title) ?? [];
  return [...list.matchAll(/\d+/g)].map(([number]) => Number(number));
}

test('each property 1 to 16 of the specification of changes has a test whose title names it', () => {
  const found = new Set<number>();
  for (const folder of ['src', 'test'])
    for (const file of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.test.ts') || file.endsWith('property-names.test.ts')) continue;
      const text = readFileSync(join(root, folder, file), 'utf8');
      for (const [, title = ''] of text.matchAll(/\btest\(\s*[`'"]([^\n]*)/g))
        for (const number of numbersIn(title)) found.add(number);
    }
  const numbers = Array.from({ length: PROPERTIES }, (_, index) => index + 1);
  assert.deepEqual(
    numbers.filter((number) => !found.has(number)),
    [],
    'these properties have no test',
  );
  assert.deepEqual(
    [...found].filter((number) => !numbers.includes(number)),
    [],
    'these numbers have no property',
  );
});
