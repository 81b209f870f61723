import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutText, equalsCi, normalizeCode, singleLine, splitFullName } from './text.ts';

test('a full name is split into first, middle and last names', () => {
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

test('two texts that differ in case only are equal', () => {
  assert.ok(equalsCi('Alice', 'aLICE') && !equalsCi('Alice', 'Alicia'));
});

test('a pasted code is accepted with blanks, invisible characters or compatibility forms', () => {
  const spellings = [
    'DIS50',
    ' DIS50\t',
    '\u00a0DIS50\u3000',
    'DIS\u200b50\ufeff',
    'D\u00adIS50\r\n',
    'ＤＩＳ５０',
    '\u202aDIS50\u202c',
    'DIS 50',
    'DIS\ufe0f50',
    '\u3164DIS50\u034f',
  ];
  for (const spelling of spellings) assert.equal(normalizeCode(spelling), 'DIS50', JSON.stringify(spelling));
  assert.equal(normalizeCode('Dis-50_a'), 'Dis-50_a');
  assert.equal(normalizeCode(' \u200b\t'), '');
});

test('a name has one line and no characters that hide or reorder text; joiners of a script stay', () => {
  const family = '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}';
  const cases: [written: string, read: string][] = [
    [' Ada\r\n Lovelace ', 'Ada Lovelace'],
    ['\u202eevil\u202c', 'evil'],
    ['A\u200bB\ufeff\u2060\u00ad', 'AB'],
    ['e\u0301', '\u00e9'],
    [family, family],
    ['می\u200cخواهم', 'می\u200cخواهم'],
    ['\u3164', ''],
    ['\u200d', ''],
    ['\u2028', ''],
    ['', ''],
  ];
  for (const [written, read] of cases) assert.equal(singleLine(written), read, JSON.stringify(written));
});

test('a cut text has no half of a character at its end', () => {
  assert.equal(cutText('abc', 5), 'abc');
  assert.equal(cutText('abc', 2), 'ab');
  assert.equal(cutText('ab😀', 3), 'ab');
  assert.equal(cutText('ab😀', 4), 'ab😀');
  assert.equal(cutText('', 3), '');
});
