import type { Font, Glyph, GlyphPosition, GlyphRun } from 'fontkit';
import { isPlain } from './split-runs.ts';

/** Lays out texts of one font. */
export interface WordShaper {
  /** Glyphs and positions of a text, as `Font.layout` returns them for the whole text. The caller may change them. */
  layout(text: string): GlyphRun;
  /** Width of a text in units of the font. */
  measure(text: string): number;
}

/** Words, or pairs of characters, whose layout is kept. A word takes about 2 kB. When it is full, all are forgotten. */
const KEPT_MAX = 10_000;
/** What fontkit detects as the script of digits and signs. */
const NO_SCRIPT = 'zzzz';
const OWN_SCRIPT = /[^\p{Script=Common}\p{Script=Inherited}\p{Script=Unknown}]/gu;
/** A blank and a Han character are words of their own. */
const BETWEEN_WORDS = /(?<=[ \u3400-\u9FFF])|(?=[ \u3400-\u9FFF])/;
const HANGUL_SYLLABLE = /[\uAC00-\uD7A3]/;

/**
 * Lays out each word once, and a word of plain characters from its pairs: `layout` takes up to 30 µs per character, and
 * the rows of a table repeat their words. Invariants, which a test checks for each font: no font kerns or joins across
 * a blank or a Han character; only a blank between two Hangul syllables has another glyph; a plain character acts on
 * its neighbours only.
 */
export function shapeWords(layout: Font['layout']): WordShaper {
  const words = new Map<string, GlyphRun>();
  const pairs = new Map<string, GlyphRun>();
  const scripts = new Map<string, string>();
  let blank_of_hangul: GlyphRun | undefined;

  const layPair = (pair: string, script: string): GlyphRun =>
    keep(pairs, `${script} ${pair}`, () => layout(pair, [], script));
  const layWord = (word: string, script: string): GlyphRun =>
    keep(words, `${script} ${word}`, () => {
      const run = isPlain(word) ? joinPairs(word, (pair) => layPair(pair, script)) : null;
      return run ?? layout(word, [], script);
    });
  const layBlank = (before: string, after: string, script: string): GlyphRun => {
    if (!HANGUL_SYLLABLE.test(before) || !HANGUL_SYLLABLE.test(after)) return layWord(' ', script);
    if (blank_of_hangul) return blank_of_hangul;
    const run = layout('가 가', []);
    return (blank_of_hangul = likeRun(run, run.glyphs.slice(1, 2), run.positions.slice(1, 2)));
  };
  /** Returns the script by which fontkit lays out a text: that of its first character with one. */
  const scriptOf = (text: string): string => {
    for (const [character] of text.matchAll(OWN_SCRIPT)) {
      const script = keep(scripts, character, () => layout(character, []).script);
      if (script !== NO_SCRIPT) return script;
    }
    return NO_SCRIPT;
  };
  /** Layouts of the words and blanks of a text, from left to right. */
  const layParts = (text: string): GlyphRun[] => {
    const script = scriptOf(text);
    const split = text.split(BETWEEN_WORDS);
    const parts = split.map((word, index) =>
      word === ' '
        ? layBlank(split[index - 1]?.slice(-1) ?? '', split[index + 1]?.slice(0, 1) ?? '', script)
        : layWord(word, script),
    );
    return parts[0]?.direction === 'rtl' ? parts.reverse() : parts;
  };

  return {
    layout(text) {
      const parts = text === '' ? [] : layParts(text);
      const [first] = parts;
      if (!first) return layout(text, []);
      const positions = parts.flatMap((run) => run.positions.map((position) => ({ ...position })));
      return likeRun(
        first,
        parts.flatMap(({ glyphs }) => glyphs),
        positions,
      );
    },
    measure: (text) => (text === '' ? 0 : layParts(text).reduce((sum, { advanceWidth }) => sum + advanceWidth, 0)),
  };
}

/**
 * Lays out a word from its characters and from what each pair adds to the advance of both. Null if a pair is more than
 * kerning, such as a ligature.
 */
function joinPairs(word: string, lay: (pair: string) => GlyphRun): GlyphRun | null {
  const [first, ...others] = [...word].map((character) => lay(character));
  if (!first || others.length === 0) return null;
  const glyphs = [...first.glyphs];
  const positions = first.positions.map((position) => ({ ...position }));
  const alone = [first, ...others];
  for (const [index, next] of others.entries()) {
    const pair = lay(word.slice(index, index + 2));
    const [left, right] = pair.positions;
    const [left_alone] = alone[index]?.positions ?? [];
    const [right_alone] = next.positions;
    const [last] = positions.slice(-1);
    const is_kerned = isSame(pair.glyphs, [...glyphs.slice(-1), ...next.glyphs]) && !pair.positions.some(isMoved);
    if (!is_kerned || !left || !right || !left_alone || !right_alone || !last) return null;
    last.xAdvance += left.xAdvance - left_alone.xAdvance;
    glyphs.push(...next.glyphs);
    positions.push({ ...right });
  }
  return likeRun(first, glyphs, positions);
}

const isSame = (some: readonly Glyph[], others: readonly Glyph[]): boolean =>
  some.length === others.length && some.every(({ id }, index) => id === others[index]?.id);
const isMoved = ({ xOffset, yOffset, yAdvance }: GlyphPosition): boolean =>
  xOffset !== 0 || yOffset !== 0 || yAdvance !== 0;

/** Returns a run like another one, with other glyphs; its widths are computed from the positions. */
function likeRun(run: GlyphRun, glyphs: Glyph[], positions: GlyphPosition[]): GlyphRun {
  // Cast: an object whose prototype is a run is one.
  return Object.assign(Object.create(run) as GlyphRun, { glyphs, positions });
}

/** Returns what is kept under a key, or makes it. */
function keep<T>(kept: Map<string, T>, key: string, make: () => T): T {
  const known = kept.get(key);
  if (known !== undefined) return known;
  const made = make();
  if (kept.size >= KEPT_MAX) kept.clear();
  kept.set(key, made);
  return made;
}
