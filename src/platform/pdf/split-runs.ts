import bidiFactory from 'bidi-js';

/** Fonts by name; each name is a key of `fontFiles`. */
export type FontName = 'latin' | 'hebrew' | 'arabic' | 'thai' | 'korean' | 'han';

/** Part of a line in one font and direction. */
export interface Run {
  readonly font: FontName;
  readonly text: string;
  /** Level of the bidirectional algorithm; odd levels run from right to left. */
  readonly level: number;
}

/** True if a font has a glyph for a code point. */
export type HasGlyph = (font: FontName, code_point: number) => boolean;

/** Printed in place of a character that no font has, so that a missing character is seen as missing. */
const REPLACEMENT = '\uFFFD';

const scripts: readonly (readonly [RegExp, FontName])[] = [
  [/\p{Script=Hebrew}/u, 'hebrew'],
  [/\p{Script=Arabic}/u, 'arabic'],
  [/\p{Script=Thai}/u, 'thai'],
  [/\p{Script=Hangul}/u, 'korean'],
  [/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}]/u, 'han'],
];
const fallbacks: readonly FontName[] = ['latin', 'han', 'korean', 'arabic', 'hebrew', 'thai'];
/** Characters without a shape of their own: marks of direction, variants. Joiners stay, because they shape Persian. */
const invisible = /(?!\u200C|\u200D)(?:\p{Cf}|\p{Variation_Selector})/gu;
const control = /[\p{Cc}\p{Cs}]+/gu;
/** Latin, Greek and Cyrillic letters without marks of their own, digits and signs: all are in the Latin font. */
const plain =
  /^[ -~\u00A0-\u00AC\u00AE-\u024F\u0386\u0388-\u038A\u038C\u038E-\u03A1\u03A3-\u03CE\u0400-\u0482\u048A-\u052F\u2010-\u2026\u202F\u20AC\u2212]*$/;

// Cast: the module exports the function itself; its types declare a member `default`.
const bidi = (bidiFactory as unknown as typeof bidiFactory.default)();
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Returns a text with what no font prints removed: control characters become blanks, invisible ones disappear. */
export function printableText(text: string): string {
  return text.toWellFormed().normalize('NFC').replaceAll(control, ' ').replaceAll(invisible, '').trim();
}

/** True if a text is one left-to-right run of the Latin font, and each of its characters is one glyph. */
export const isPlain = (text: string): boolean => plain.test(text);

/** Returns the font that prints a grapheme; null if none has all of its characters. */
export function fontFor(grapheme: string, hasGlyph: HasGlyph): FontName | null {
  const own = scripts.find(([script]) => script.test(grapheme))?.[1];
  const candidates = own === undefined ? fallbacks : [own, ...fallbacks];
  const code_points = [...grapheme].map((character) => character.codePointAt(0) ?? 0);
  return candidates.find((font) => code_points.every((code_point) => hasGlyph(font, code_point))) ?? null;
}

/**
 * Splits one line into runs in the order in which they are printed from left to right. The text of a run is in logical
 * order: the layout engine of the font reverses and shapes a run of a right-to-left script.
 * @see https://www.unicode.org/reports/tr9/
 */
export function splitRuns(line: string, hasGlyph: HasGlyph): Run[] {
  if (line !== '' && isPlain(line)) return [{ font: 'latin', text: line, level: 0 }];
  const { levels } = bidi.getEmbeddingLevels(line, 'auto');
  const runs: { font: FontName; text: string; level: number }[] = [];
  for (const { segment, index } of graphemes.segment(line)) {
    const level = levels[index] ?? 0;
    const is_rtl = level % 2 === 1;
    const last = runs.at(-1);
    // Blanks and signs stay in the font before them, so that words are not torn apart.
    const isNeutral = !/[\p{L}\p{M}\p{N}]/u.test(segment);
    const mirrored = is_rtl ? (bidi.getMirroredCharacter(segment) ?? segment) : segment;
    const found =
      isNeutral && last !== undefined && fontHas(last.font, mirrored, hasGlyph)
        ? last.font
        : fontFor(mirrored, hasGlyph);
    const text = found === null ? REPLACEMENT : mirrored;
    const font = found ?? 'latin';
    if (last?.font === font && last.level === level) last.text += text;
    else runs.push({ font, text, level });
  }
  return inVisualOrder(runs.map(reverseSigns));
}

/** Reverses a right-to-left run of signs only, which the layout engine of the font takes for left-to-right text. */
function reverseSigns(run: Run): Run {
  if (run.level % 2 === 0 || /[\p{Script=Hebrew}\p{Script=Arabic}]/u.test(run.text)) return run;
  const parts = [...graphemes.segment(run.text)].map(({ segment }) => segment);
  return { ...run, text: parts.toReversed().join('') };
}

function fontHas(font: FontName, text: string, hasGlyph: HasGlyph): boolean {
  return [...text].every((character) => hasGlyph(font, character.codePointAt(0) ?? 0));
}

/** Rule L2: from the highest level to the lowest odd one, each sequence at that level or higher is reversed. */
function inVisualOrder(runs: readonly Run[]): Run[] {
  const ordered = [...runs];
  const highest = Math.max(0, ...runs.map(({ level }) => level));
  for (let level = highest; level >= 1; level -= 1) {
    for (let start = 0; start < ordered.length; start += 1) {
      let end = start;
      while ((ordered[end]?.level ?? -1) >= level) end += 1;
      if (end === start) continue;
      ordered.splice(start, end - start, ...ordered.slice(start, end).toReversed());
      start = end;
    }
  }
  return ordered;
}

const words = new Intl.Segmenter('en', { granularity: 'word' });

/**
 * Breaks a text into lines that are at most `width` wide. A word that is wider than a line is broken between graphemes.
 */
export function breakLines(text: string, width: number, measure: (line: string) => number): string[] {
  const whole = text.trim();
  if (whole === '') return [];
  if (measure(whole) <= width) return [whole];
  const lines: string[] = [];
  const pieces = [...words.segment(whole)].map(({ segment }) => segment);
  let first = 0;
  while (first < pieces.length) {
    const piece = pieces[first] ?? '';
    if (piece.trim() === '') {
      first += 1;
      continue;
    }
    const fitting = countFitting(pieces.length - first, (count) => {
      return measure(pieces.slice(first, first + count).join('')) <= width;
    });
    const parts = fitting > 0 ? [] : [...graphemes.segment(piece)].map(({ segment }) => segment);
    if (parts.length > 1) {
      pieces.splice(first, 1, ...parts);
      continue;
    }
    const count = Math.max(1, fitting);
    lines.push(
      pieces
        .slice(first, first + count)
        .join('')
        .trimEnd(),
    );
    first += count;
  }
  return lines;
}

/** Returns the largest count up to `max` that fits, 0 if none does; tries few counts, those near the start first. */
function countFitting(max: number, isFitting: (count: number) => boolean): number {
  let fitting = 0;
  let step = 8;
  while (step < max && isFitting(step)) {
    fitting = step;
    step *= 2;
  }
  let excess = step < max ? step : max + 1;
  while (excess - fitting > 1) {
    const middle = Math.floor((fitting + excess) / 2);
    if (isFitting(middle)) fitting = middle;
    else excess = middle;
  }
  return fitting;
}
