import PDFDocument from 'pdfkit';
import { hasGlyph, openFont } from './sheet-fonts.ts';
import { type Sheet, type SheetTable, TEXT_LENGTH_MAX } from './sheet.ts';
import { breakLines, type FontName, printableText, type Run, splitRuns } from './split-runs.ts';

/** Sizes in points. A4 has 595 × 842. */
const MARGIN = 50;
const BOTTOM = 842 - MARGIN - 20;
const WIDTH = 595 - 2 * MARGIN;
const SIZES = { title: 18, heading: 10, text: 9.5, small: 8 } as const;
const AMOUNT_WIDTH = 82;
const GAP = 8;

type Size = (typeof SIZES)[keyof typeof SIZES];

/** Draws texts of any script on pages, from top to bottom. */
class Pen {
  readonly document: PDFKit.PDFDocument;
  y = MARGIN;
  #page = 1;
  readonly #registered = new Set<FontName>();

  constructor({ title, lang, created_at }: Sheet) {
    this.document = new PDFDocument({
      size: 'A4',
      margin: MARGIN,
      lang,
      displayTitle: true,
      info: { Title: printableText(title), Creator: 'Tollgate', CreationDate: created_at },
      // The library loads Helvetica otherwise, which no text uses.
      font: null as unknown as string,
    });
  }

  /** Width of a line in points. */
  measure(line: string, size: Size): number {
    return widthOf(splitRuns(line, hasGlyph), size);
  }

  break(text: string, size: Size, width: number): string[] {
    const cut = printableText(text.slice(0, TEXT_LENGTH_MAX));
    return breakLines(cut, width, (line) => this.measure(line, size));
  }

  /** Draws one line whose top is `y`; an amount ends at `x + width`. */
  draw(line: string, { x, y, size, right_of }: { x: number; y: number; size: Size; right_of?: number }): void {
    const runs = splitRuns(line, hasGlyph);
    let left = right_of === undefined ? x : right_of - widthOf(runs, size);
    for (const run of runs) {
      this.#use(run.font, size);
      // With a list of features, pdfkit lays out the whole run; it splits at blanks otherwise, also right-to-left text.
      this.document.text(run.text, left, y + size, { lineBreak: false, features: [], baseline: 'alphabetic' });
      left += widthOf([run], size);
    }
  }

  /** Begins a page if less than `height` is left on this one. True if it did. */
  need(height: number): boolean {
    if (this.y + height <= BOTTOM) return false;
    this.#footer();
    this.document.addPage();
    this.#page += 1;
    this.y = MARGIN;
    return true;
  }

  rule(): void {
    this.document
      .moveTo(MARGIN, this.y)
      .lineTo(MARGIN + WIDTH, this.y)
      .lineWidth(0.5)
      .stroke('#999999');
    this.document.fillColor('black');
    this.y += 5;
  }

  end(): void {
    this.#footer();
    this.document.end();
  }

  #footer(): void {
    this.draw(String(this.#page), { x: MARGIN, y: 842 - MARGIN, size: SIZES.small, right_of: MARGIN + WIDTH });
  }

  #use(font: FontName, size: Size): void {
    if (!this.#registered.has(font)) {
      // Cast: pdfkit accepts a font of fontkit as well; its types do not say so.
      this.document.registerFont(font, openFont(font).font as unknown as Buffer);
      this.#registered.add(font);
    }
    this.document.font(font, size);
  }
}

const heightOf = (size: Size): number => size * 1.45;
const widthOf = (runs: readonly Run[], size: Size): number =>
  runs.reduce((sum, { font, text }) => sum + openFont(font).measure(text) * size, 0);

/** Draws a sheet. The returned stream emits the file; it ends after the last page. */
export function drawSheet(sheet: Sheet): PDFKit.PDFDocument {
  const pen = new Pen(sheet);
  // The stream is read after this function returned: pages wait in memory until then.
  drawHead(pen, sheet);
  for (const table of sheet.tables) drawTable(pen, table);
  for (const note of sheet.notes) {
    pen.y += GAP;
    drawText(pen, note, SIZES.text);
  }
  pen.end();
  return pen.document;
}

function drawText(pen: Pen, text: string, size: Size): void {
  for (const line of pen.break(text, size, WIDTH)) {
    pen.need(heightOf(size));
    pen.draw(line, { x: MARGIN, y: pen.y, size });
    pen.y += heightOf(size);
  }
}

function drawHead(pen: Pen, { title, facts, parties }: Sheet): void {
  drawText(pen, title, SIZES.title);
  pen.y += GAP;
  for (const [label, value] of facts) drawText(pen, `${label}: ${value}`, SIZES.text);
  pen.y += GAP * 2;
  const width = (WIDTH - GAP * 2) / 2;
  for (let first = 0; first < parties.length; first += 2) {
    const columns = parties
      .slice(first, first + 2)
      .map(({ heading, lines }) => [
        { line: heading, size: SIZES.small },
        ...lines.flatMap((each) => pen.break(each, SIZES.text, width).map((line) => ({ line, size: SIZES.text }))),
      ]);
    const rows_count = Math.max(...columns.map((column) => column.length));
    for (let row = 0; row < rows_count; row += 1) {
      pen.need(heightOf(SIZES.text));
      for (const [index, column] of columns.entries()) {
        const cell = column[row];
        if (cell) pen.draw(cell.line, { x: MARGIN + index * (width + GAP * 2), y: pen.y, size: cell.size });
      }
      pen.y += heightOf(SIZES.text);
    }
    pen.y += GAP * 2;
  }
}

function drawTable(pen: Pen, { heading, columns, rows, totals }: SheetTable): void {
  if (heading !== null) {
    pen.need(heightOf(SIZES.heading) * 3);
    drawText(pen, heading, SIZES.heading);
  }
  const drawHeadings = (): void => {
    drawRow(pen, linesOf(pen, columns, SIZES.small), columns, SIZES.small);
    pen.rule();
  };
  drawHeadings();
  for (const row of rows) {
    const lines = linesOf(pen, row, SIZES.text);
    if (pen.need(heightOf(SIZES.text) * lines.length)) drawHeadings();
    drawRow(pen, lines, row, SIZES.text);
  }
  pen.rule();
  for (const { label, amount, is_strong } of totals) {
    const size = is_strong ? SIZES.heading : SIZES.text;
    pen.need(heightOf(size));
    pen.draw(label, { x: MARGIN, y: pen.y, size, right_of: MARGIN + WIDTH - AMOUNT_WIDTH - GAP });
    pen.draw(amount, { x: MARGIN, y: pen.y, size, right_of: MARGIN + WIDTH });
    pen.y += heightOf(size);
  }
  pen.y += GAP;
}

function linesOf(pen: Pen, [text = '', ...amounts]: readonly string[], size: Size): string[] {
  return pen.break(text, size, WIDTH - amounts.length * (AMOUNT_WIDTH + GAP));
}

/** Draws a row whose first text is broken into `lines`. */
function drawRow(pen: Pen, lines: readonly string[], [, ...amounts]: readonly string[], size: Size): void {
  for (const [index, amount] of amounts.entries()) {
    const right_of = MARGIN + WIDTH - (amounts.length - 1 - index) * (AMOUNT_WIDTH + GAP);
    if (amount !== '') pen.draw(amount, { x: MARGIN, y: pen.y, size, right_of });
  }
  for (const line of lines.length === 0 ? [''] : lines) {
    pen.need(heightOf(size));
    pen.draw(line, { x: MARGIN, y: pen.y, size });
    pen.y += heightOf(size);
  }
}
