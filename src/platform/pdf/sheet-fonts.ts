import { readFileSync } from 'node:fs';
import { create, type Font } from 'fontkit';
import { shapeWords } from './shape-words.ts';
import type { FontName } from './split-runs.ts';

const fileIn = (entry: string, file: string): URL => new URL(file, entry);

/** Files of the fonts, all under the SIL Open Font License. @see docs/decisions/0072-printed-documents.md */
export const fontFiles: Readonly<Record<FontName, URL>> = {
  latin: fileIn(import.meta.resolve('@embedpdf/fonts-latin'), '../fonts/NotoSans-Regular.ttf'),
  hebrew: fileIn(import.meta.resolve('@embedpdf/fonts-hebrew'), '../fonts/NotoSansHebrew-Regular.ttf'),
  arabic: fileIn(import.meta.resolve('@embedpdf/fonts-arabic'), '../fonts/NotoNaskhArabic-Regular.ttf'),
  thai: fileIn(
    import.meta.resolve('@fontsource/noto-sans-thai/package.json'),
    'files/noto-sans-thai-thai-400-normal.woff',
  ),
  korean: fileIn(import.meta.resolve('@embedpdf/fonts-kr'), '../fonts/NotoSansKR-Regular.otf'),
  han: fileIn(import.meta.resolve('@embedpdf/fonts-sc'), '../fonts/NotoSansHans-Regular.otf'),
};

/** Font of a sheet, whose `layout` keeps words. */
export interface SheetFont {
  readonly font: Font;
  /** Width of a text in points at the size of one point. */
  measure(text: string): number;
  /** True if the font has a glyph of a code point. */
  has(code_point: number): boolean;
}

const fonts = new Map<FontName, SheetFont>();

/** Returns a font; reads its file at its first use. */
export function openFont(name: FontName): SheetFont {
  const found = fonts.get(name);
  if (found) return found;
  const font = create(readFileSync(fontFiles[name]));
  if (!('hasGlyphForCodePoint' in font)) throw new Error(`${name} is a collection of fonts`);
  const shaper = shapeWords(font.layout.bind(font));
  font.layout = (text) => shaper.layout(text);
  const { unitsPerEm } = font;
  const known = new Map<number, boolean>();
  const opened = {
    font,
    measure: (text: string) => shaper.measure(text) / unitsPerEm,
    has: (code_point: number) => {
      const answer = known.get(code_point) ?? font.hasGlyphForCodePoint(code_point);
      known.set(code_point, answer);
      return answer;
    },
  };
  fonts.set(name, opened);
  return opened;
}

/** True if a font has a glyph of a code point. */
export const hasGlyph = (name: FontName, code_point: number): boolean => openFont(name).has(code_point);
