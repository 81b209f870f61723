import assert from 'node:assert/strict';
import { test } from 'node:test';
import { breakLines, fontFor, type FontName, printableText, splitRuns } from './split-runs.ts';

const scripts: Record<FontName, RegExp> = {
  latin: /[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Devanagari}\p{N}\p{P}\p{S}\p{M} \uFFFD]/u,
  hebrew: /\p{Script=Hebrew}/u,
  arabic: /\p{Script=Arabic}/u,
  thai: /\p{Script=Thai}/u,
  korean: /\p{Script=Hangul}/u,
  han: /[\p{Script=Han}\p{Script=Katakana}\p{Script=Hiragana}]/u,
};
const hasGlyph = (font: FontName, code_point: number) => scripts[font].test(String.fromCodePoint(code_point));
const printed = (text: string) => splitRuns(text, hasGlyph).map(({ font, text: run }) => `${font}:${run}`);

test('each script is printed in its font, a character of no font as a replacement', () => {
  const cases: [string, FontName | null][] = [
    ['a', 'latin'],
    ['Ж', 'latin'],
    ['ש', 'hebrew'],
    ['ش', 'arabic'],
    ['ไ', 'thai'],
    ['한', 'korean'],
    ['株', 'han'],
    ['テ', 'han'],
    ['ა', null],
  ];
  for (const [grapheme, font] of cases) assert.equal(fontFor(grapheme, hasGlyph), font, grapheme);
  assert.deepEqual(printed('aა'), ['latin:a\uFFFD']);
});

test('right-to-left text is printed from the right, its numbers and its brackets in their places', () => {
  assert.deepEqual(printed('שלום עולם'), ['hebrew:עולם', 'latin: ', 'hebrew:שלום']);
  assert.deepEqual(printed('שלום (בע) 26'), ['latin:26', 'latin: (', 'hebrew:בע', 'latin:) ', 'hebrew:שלום']);
  assert.deepEqual(printed('Ada שלום'), ['latin:Ada ', 'hebrew:שלום']);
});

test('control and invisible characters are not printed', () => {
  assert.equal(printableText('a\u0000b\n\u202Ec\u200F\uFE0F \uD800'), 'a b c \uFFFD');
});

test('a text breaks between words, and a word that is too wide breaks between characters', () => {
  const measure = (line: string) => line.length;
  assert.deepEqual(breakLines('one two three', 7, measure), ['one two', 'three']);
  assert.deepEqual(breakLines('abcdefghij', 4, measure), ['abcd', 'efgh', 'ij']);
  assert.deepEqual(breakLines('', 4, measure), []);
  assert.deepEqual(breakLines('x', 0.5, measure), ['x']);
});

test('a long text is broken with few measurements', () => {
  let measured_count = 0;
  const measure = (line: string) => {
    measured_count += 1;
    return line.length;
  };
  const text = 'lorem ipsum dolor sit amet '.repeat(22);
  const lines = breakLines(text, 45, measure);
  assert.equal(lines.join(' '), text.trim());
  for (const [index, line] of lines.slice(0, -1).entries()) {
    assert.ok(line.length <= 45);
    const [next = ''] = (lines[index + 1] ?? '').split(' ');
    assert.ok(`${line} ${next}`.length > 45, `${next} would fit behind ${line}`);
  }
  assert.ok(measured_count <= lines.length * 7, `${measured_count} measurements for ${lines.length} lines`);
});

test('plain text is one run, as it is with each of its characters looked up', () => {
  for (const text of ['26', ' (1 month)', 'Zoë O’Neil – 12,50 €', 'Привіт', 'Ελλάδα', '−$5.00']) {
    assert.deepEqual(printed(text), [`latin:${text}`]);
  }
});
