import { readFileSync } from 'node:fs';
import { create, type Font } from 'fontkit';
import type { FontName } from './split-runs.ts';

const fileIn = (entry: string, file: string): URL => new URL(file, entry);

/** Files of the fonts, all under the SIL Open Font License. @see docs/decisions/0072-printed-documents.md */
const files: Readonly<Record<FontName, URL>> = {
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

const bytes = new Map<FontName, Buffer>();
const fonts = new Map<FontName, Font>();

/** Reads the file of a font, at its first use. */
export function readFontFile(name: FontName): Buffer {
  const read = bytes.get(name);
  if (read) return read;
  const found = readFileSync(files[name]);
  bytes.set(name, found);
  return found;
}

/** True if a font has a glyph of a code point. Loads the font at its first use. */
export function hasGlyph(name: FontName, code_point: number): boolean {
  let font = fonts.get(name);
  if (!font) {
    const made = create(readFontFile(name));
    if (!('hasGlyphForCodePoint' in made)) throw new Error(`${name} is a collection of fonts`);
    fonts.set(name, (font = made));
  }
  return font.hasGlyphForCodePoint(code_point);
}
