import { CsvError, parse } from 'csv-parse/sync';
import { invalidInput, type Problem } from '#kernel/problem';

/** Longest row, in characters: a quotation mark that is never closed does not make the file one row. */
const ROW_LENGTH_MAX = 2000;
/** Rows by which the separator is chosen. */
const SAMPLE_ROWS = 10;
/** Separators of cells that are read. */
export const separators = [',', ';', '\t'] as const;

/** A row of a file. `number` is that of its line in the file, from 1; of its last line, if a cell has several. */
export interface CsvRow {
  number: number;
  cells: string[];
}

/** Limit and form of a file. */
export interface CsvOptions {
  rows_max: number;
  /** Chooses the separator by the first rows; omitted: the one that the first row has most of. */
  findSeparator?: (first_rows: readonly string[]) => string;
}

/**
 * Reads the rows of an uploaded CSV file in UTF-8, as `parseRows`.
 * @throws invalid_input (400) naming `file`
 */
export function readCsv(bytes: Uint8Array, options: CsvOptions): CsvRow[] {
  return parseRows(decodeText(bytes), options);
}

/**
 * Decodes an uploaded text file: UTF-8, with or without a byte-order mark.
 * @throws invalid_input (400) naming `file` for any other encoding
 */
export function decodeText(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) throw encodingProblem('UTF-16');
  if (bytes.includes(0))
    throw looksLikeUtf16(bytes) ? encodingProblem('UTF-16') : fileProblem('This is not a text file in UTF-8.');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw encodingProblem('another encoding, such as Latin-1 or Windows-1252');
  }
}

function encodingProblem(found: string): Problem {
  return fileProblem(`The file is in ${found}. Save it as "CSV UTF-8" and upload it again.`);
}

/** True if nearly every second byte is zero: ASCII characters in UTF-16 without a byte-order mark. */
function looksLikeUtf16(bytes: Uint8Array): boolean {
  const sample = bytes.subarray(0, 200);
  const zeros = [0, 1].map((start) => sample.filter((byte, index) => index % 2 === start && byte === 0).length);
  return Math.max(...zeros) * 4 >= sample.length;
}

/**
 * Parses the rows of a CSV file without its empty lines. The separator is one of `separators`.
 * @throws invalid_input (400) naming `file` and the row: not CSV, a row that is too long, too many rows
 */
export function parseRows(text: string, { rows_max, findSeparator = mostFrequent }: CsvOptions): CsvRow[] {
  requireShortLines(text);
  const first_rows = text.slice(0, SAMPLE_ROWS * ROW_LENGTH_MAX).split(/\r\n|\n|\r/, SAMPLE_ROWS);
  try {
    const records = parse(text, {
      delimiter: findSeparator(first_rows),
      // All of them: files that programs put together have lines that end in different ways.
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
      bom: true,
      info: true,
      max_record_size: ROW_LENGTH_MAX,
      to: rows_max + 1,
    }) as unknown as { record: string[]; info: { lines: number } }[]; // the shape that `info` selects
    if (records.length > rows_max) throw fileProblem(`The file has more than ${rows_max} rows.`);
    return records.map(({ record, info }) => ({ number: info.lines, cells: record }));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw fileProblem(describeFault(error));
  }
}

function fileProblem(message: string): Problem {
  return invalidInput({ file: [message] });
}

/** The parser counts the characters of cells only: a line of separators would be a row of millions of cells. */
function requireShortLines(text: string): void {
  const long = new RegExp(`[^\\r\\n]{${ROW_LENGTH_MAX + 1}}`).exec(text);
  if (long === null) return;
  const before = text.slice(0, long.index).match(/\r\n|\n|\r/g)?.length ?? 0;
  throw fileProblem(describeLength(`Row ${before + 1}`));
}

function describeLength(place: string): string {
  return `${place} has more than ${ROW_LENGTH_MAX} characters. Is a quotation mark not closed?`;
}

function describeFault(error: CsvError): string {
  const line: unknown = Reflect.get(error, 'lines');
  const place = typeof line === 'number' ? `Row ${line}` : 'A row';
  if (error.code === 'CSV_MAX_RECORD_SIZE') return describeLength(place);
  if (error.code === 'CSV_QUOTE_NOT_CLOSED') return `${place} has a quotation mark that is not closed.`;
  return `The file is not CSV. ${place} cannot be read: a quotation mark stands inside a cell.`;
}

function mostFrequent(first_rows: readonly string[]): string {
  const first = first_rows.find((row) => row.trim() !== '') ?? '';
  const counted = separators.map((separator) => ({ separator, count: first.split(separator).length }));
  return counted.toSorted((a, b) => b.count - a.count)[0]?.separator ?? ',';
}
