import assert from 'node:assert/strict';
import { test } from 'node:test';
import { containsCi, equalsCi, splitFullName } from './text.ts';

test('full names are split as people write them', () => {
  const cases: [string, string, string, string][] = [
    ['Xia Lee', 'Xia', '', 'Lee'],
    ['Xia M. Lee', 'Xia', 'M.', 'Lee'],
    ['Xia', 'Xia', '', ''],
    ['', '', '', ''],
    ['El Greco', 'El Greco', '', ''],
    ['El Hadj Omar Diop', 'El Hadj', 'Omar', 'Diop'],
    ['John Paul Smith III', 'John', 'Paul', 'Smith III'],
    ['John III', 'John', '', 'III'],
    ['  Ann   Marie  Jo  Doe ', 'Ann', 'Marie Jo', 'Doe'],
  ];
  for (const [full_name, first, middle, last] of cases)
    assert.deepEqual(splitFullName(full_name), { first, middle, last });
});

test('case is ignored where it must be', () => {
  assert.ok(equalsCi('Alice', 'aLICE') && !equalsCi('Alice', 'Alicia'));
  assert.ok(containsCi('Hello World', 'WORLD') && !containsCi('Hello', 'World'));
});
