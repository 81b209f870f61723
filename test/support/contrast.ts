/** Text on background, or mark on background, with the minimum of their contrast. Names are tokens without `--tg-`. */
type Pair = [foreground: string, background: string, minimum: 3 | 4.5];

const text = (foreground: string, ...backgrounds: string[]): Pair[] =>
  backgrounds.map((background) => [foreground, background, 4.5]);
const mark = (foreground: string, ...backgrounds: string[]): Pair[] =>
  backgrounds.map((background) => [foreground, background, 3]);

/**
 * Pairs of colours that pages put on each other. WCAG 2.2: 4.5 for text (1.4.3), 3 for borders of fields, focus marks
 * and series of charts (1.4.11).
 */
const pairs: readonly Pair[] = [
  ...text('text', 'surface', 'page', 'hover', 'neutral-soft'),
  ...text('muted', 'surface', 'page', 'hover', 'neutral-soft'),
  ...text('accent', 'surface', 'page', 'accent-soft'),
  ...text('accent-strong', 'surface', 'page'),
  ...text('on-accent', 'accent', 'accent-strong'),
  ...text('good', 'good-soft', 'surface', 'page'),
  ...text('warn', 'warn-soft', 'surface', 'page'),
  ...text('bad', 'bad-soft', 'surface', 'page'),
  ...text('on-bad', 'bad-fill', 'bad-fill-strong'),
  ...text('acting', 'acting-soft'),
  ...mark('field-line', 'surface', 'page'),
  ...mark('focus', 'surface', 'page'),
  ...['series-1', 'series-2', 'series-3', 'series-4', 'series-5'].flatMap((series) => mark(series, 'surface')),
];

export interface ContrastFault {
  foreground: string;
  background: string;
  scheme: 'light' | 'dark';
  /** Contrast, rounded down to a tenth; null when a token is missing or has no `light-dark()` value. */
  ratio: number | null;
  minimum: number;
}

/** Returns the pairs of a style sheet whose contrast is too low in one of the colour schemes. */
export function findContrastFaults(css: string): ContrastFault[] {
  const tokens = readTokens(css);
  return (['light', 'dark'] as const).flatMap((scheme) =>
    pairs.flatMap(([foreground, background, minimum]) => {
      const front = tokens.get(foreground)?.[scheme];
      const back = tokens.get(background)?.[scheme];
      const ratio = front === undefined || back === undefined ? null : contrastOf(front, back);
      if (ratio !== null && ratio >= minimum) return [];
      return [{ foreground, background, scheme, ratio: ratio === null ? null : Math.floor(ratio * 10) / 10, minimum }];
    }),
  );
}

interface Token {
  light: string;
  dark: string;
}

/** Reads `--tg-x: light-dark(#rrggbb, #rrggbb)`; the last declaration of a token counts. */
function readTokens(css: string): ReadonlyMap<string, Token> {
  const declaration = /--tg-([\w-]+):\s*light-dark\(\s*(#[0-9a-f]{6})\s*,\s*(#[0-9a-f]{6})\s*\)/gi;
  return new Map(
    Array.from(css.matchAll(declaration), ([, name = '', light = '', dark = '']) => [name, { light, dark }]),
  );
}

/** Returns the contrast of two colours: (L1 + 0.05) / (L2 + 0.05), WCAG 2.2. */
export function contrastOf(one: string, other: string): number {
  const [darker, lighter] = [luminanceOf(one), luminanceOf(other)].toSorted((a, b) => a - b);
  return ((lighter ?? 0) + 0.05) / ((darker ?? 0) + 0.05);
}

function luminanceOf(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((start) => {
    const channel = Number.parseInt(colour.slice(start, start + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
