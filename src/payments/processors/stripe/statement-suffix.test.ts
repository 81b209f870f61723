import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statementSuffix } from './statement-suffix.ts';

test('S35: a name is reduced to what a statement can print', () => {
  const cases: [name: string, suffix: string | undefined][] = [
    ['Cowork', 'Cowork'],
    ['Café Zürich', 'Cafe Zuric'],
    ['A*B <"C\\\'>', 'A B C'],
    ['Studio\u0000\n9 🚀', 'Studio 9'],
    ['Members of the club', 'Members of'],
    ['St. Anne-Marie', 'St. Anne-M'],
    ['2024', undefined],
    ['東京クラブ', undefined],
    ['', undefined],
  ];
  for (const [name, suffix] of cases) assert.equal(statementSuffix(name), suffix, name);
});
