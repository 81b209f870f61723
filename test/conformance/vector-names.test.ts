import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { test } from 'node:test';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Examples of the specifications, by the letter of their numbers: changes.md §12 and billing.md, appendix C. */
const series = {
  V: { count: 46, folders: ['src', 'test'] },
  // Codes of other texts have the form of C1 too: only the rooms of the examples are searched.
  C: {
    count: 18,
    folders: ['src/billing', 'src/catalog', 'src/kernel', 'src/metrics', 'src/payments', 'src/subscriptions', 'test'],
  },
} as const;

/** A title of a test, or a comment. */
const named = /^\s*(?:\/\/|\*|(?:test|vector|for|\[|`|')|it\()/;

/** Returns the numbers that titles and comments of the test files name, with the files. */
function findNamed(letter: keyof typeof series): Map<number, string[]> {
  const found = new Map<number, string[]>();
  for (const folder of series[letter].folders) {
    for (const file of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.test.ts') || file.endsWith('vector-names.test.ts')) continue;
      const lines = readFileSync(join(root, folder, file), 'utf8').split('\n');
      for (const line of lines) {
        if (!named.test(line)) continue;
        for (const [, number] of line.matchAll(new RegExp(`\\b${letter}(\\d{1,2})\\b`, 'g')))
          found.set(Number(number), [...(found.get(Number(number)) ?? []), `${folder}/${file}`]);
      }
    }
  }
  return found;
}

for (const letter of ['V', 'C'] as const) {
  test(`each example ${letter}1 to ${letter}${series[letter].count} of the specification is a test that names it`, () => {
    const found = findNamed(letter);
    const numbers = Array.from({ length: series[letter].count }, (_, index) => index + 1);
    assert.deepEqual(
      numbers.filter((number) => !found.has(number)),
      [],
      'these examples have no test',
    );
    assert.deepEqual(
      [...found.keys()].filter((number) => !numbers.includes(number)),
      [],
      'these numbers have no example',
    );
  });
}
