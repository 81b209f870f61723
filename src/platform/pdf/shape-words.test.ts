import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { create, type Font, type GlyphRun } from 'fontkit';
import { shapeWords } from './shape-words.ts';
import { fontFiles } from './sheet-fonts.ts';
import { type FontName, isPlain } from './split-runs.ts';

const TEXTS_COUNT = 40;

/** Ranges of characters of each font, of which the test makes words. */
const alphabets: readonly (readonly [FontName, readonly (readonly [from: number, to: number])[]])[] = [
  ['latin', [[0x21, 0x7e]]],
  [
    'latin',
    [
      [0x41, 0x5a],
      [0x61, 0x7a],
      [0xa0, 0xac],
      [0xae, 0x24f],
    ],
  ],
  [
    'latin',
    [
      [0x388, 0x38a],
      [0x391, 0x3a1],
      [0x3a3, 0x3ce],
    ],
  ],
  ['latin', [[0x400, 0x52f]]],
  ['latin', [[0x1ea0, 0x1ef9]]],
  [
    'latin',
    [
      [0x30, 0x39],
      [0x2010, 0x2026],
      [0x202f, 0x202f],
      [0x20ac, 0x20ac],
      [0x2212, 0x2212],
    ],
  ],
  ['latin', [[0x66, 0x6c]]],
  [
    'latin',
    [
      [0x904, 0x939],
      [0x93e, 0x94d],
    ],
  ],
  [
    'hebrew',
    [
      [0x5d0, 0x5ea],
      [0x5f3, 0x5f4],
    ],
  ],
  [
    'arabic',
    [
      [0x621, 0x63a],
      [0x641, 0x652],
      [0x660, 0x669],
      [0x6a9, 0x6af],
    ],
  ],
  [
    'thai',
    [
      [0xe01, 0xe3a],
      [0xe40, 0xe4e],
    ],
  ],
  [
    'korean',
    [
      [0xac00, 0xacff],
      [0xd000, 0xd0ff],
    ],
  ],
  [
    'korean',
    [
      [0x3131, 0x318e],
      [0xac00, 0xac7f],
    ],
  ],
  [
    'han',
    [
      [0x4e00, 0x4fff],
      [0x3041, 0x3096],
      [0x30a1, 0x30fa],
      [0x3001, 0x3011],
      [0x3400, 0x34ff],
      [0xff08, 0xff19],
    ],
  ],
];
const signs = Array.from('0123456789().,-/:&');

/** Numbers in [0, 1) that are the same in each run: a linear congruential generator. */
function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32) / 2 ** 32;
}

function textOf(characters: readonly string[], next: () => number): string {
  const pick = (list: readonly string[]): string => list[Math.floor(next() * list.length)] ?? '';
  const words = Array.from({ length: 1 + Math.floor(next() * 5) }, () => {
    const list = next() < 0.2 ? signs : characters;
    return Array.from({ length: Math.floor(next() * 8) }, () => pick(list)).join('');
  });
  return words.join(' ').normalize('NFC');
}

const glyphsOf = ({ glyphs, positions }: GlyphRun) => glyphs.map(({ id }, index) => ({ id, ...positions[index] }));

function fontOf(name: FontName): Font {
  const font = create(readFileSync(fontFiles[name]));
  assert.ok('layout' in font);
  return font;
}

test('a text that is laid out by words has the glyphs and the width of the whole text, in each font', () => {
  for (const [name, ranges] of alphabets) {
    const font = fontOf(name);
    const shaper = shapeWords(font.layout.bind(font));
    const characters = ranges.flatMap(([from, to]) =>
      Array.from({ length: to - from + 1 }, (_, index) => String.fromCodePoint(from + index)),
    );
    const next = numbersFrom(characters.length);
    for (let count = 0; count < TEXTS_COUNT; count += 1) {
      const text = textOf(characters, next);
      const whole = font.layout(text, []);
      const made = shaper.layout(text);
      assert.deepEqual(glyphsOf(made), glyphsOf(whole), `${name}: ${text}`);
      assert.equal(made.advanceWidth, whole.advanceWidth, text);
      assert.equal(shaper.measure(text), whole.advanceWidth, text);
    }
  }
});

test('a run may be changed without a change of the next one', () => {
  const font = fontOf('latin');
  const shaper = shapeWords(font.layout.bind(font));
  const width = shaper.measure('Ada Ada');
  for (const position of shaper.layout('Ada Ada').positions) position.xAdvance *= 2;
  assert.equal(shaper.layout('Ada Ada').advanceWidth, width);
});

test('the words of a table are laid out once, and numbers from their pairs of digits', () => {
  const font = fontOf('latin');
  let layouts_count = 0;
  const shaper = shapeWords((...input) => {
    layouts_count += 1;
    return font.layout(...input);
  });
  const draw = (from: number, to: number): number => {
    layouts_count = 0;
    for (let row = from; row < to; row += 1) shaper.layout(`Subscription of person ${row}, שלום`);
    return layouts_count;
  };
  assert.ok(draw(0, 500) < 200, `${layouts_count} layouts`);
  assert.equal(draw(1000, 4000), 0);
});

test('every plain character has a glyph in the Latin font', () => {
  const font = fontOf('latin');
  const plain = Array.from({ length: 0x10000 }, (_, code_point) => code_point).filter((code_point) =>
    isPlain(String.fromCodePoint(code_point)),
  );
  assert.ok(plain.length > 500);
  assert.deepEqual(
    plain.filter((code_point) => !font.hasGlyphForCodePoint(code_point)),
    [],
  );
});
