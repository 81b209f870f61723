import { CsvError, parse } from 'csv-parse/sync';
import { invalidInput, type Problem } from '#kernel/problem';

/** Longest row, in characters: a quotation mark that is never closed does not make the file one row. */
const ROW_LENGTH_MAX = 2000;
const separators = [',', ';', '\t'] as const;

/** A row of a file. `number` is that of its line in the file, from 1; of its last line, if a cell has several. */
export interface CsvRow {
  number: number;
  cells: string[];
}

/**
 * Reads the rows of an uploaded CSV file in UTF-8 without its empty lines, with or without a byte-order mark. The
 * separator is the comma, the semicolon or the tabulator: the one that the first row has most of.
 * @throws invalid_input (400) naming `file` and the row: another encoding, not CSV, a row that is too long, too many
 *   rows
 */
export function readCsv(bytes: Uint8Array, { rows_max }: { rows_max: number }): CsvRow[] {
  const text = decode(bytes);
  requireShortLines(text);
  try {
    const records = parse(text, {
      delimiter: findSeparator(text),
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

function decode(bytes: Uint8Array): string {
  if (bytes.includes(0)) throw fileProblem('This is not a text file in UTF-8. Save it as "CSV UTF-8".');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw fileProblem('The file is not in UTF-8. Save it as "CSV UTF-8" and upload it again.');
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

function findSeparator(text: string): string {
  const first = /[^\r\n]*[^\s][^\r\n]*/.exec(text.slice(0, 2 * ROW_LENGTH_MAX))?.[0] ?? '';
  const counted = separators.map((separator) => ({ separator, count: first.split(separator).length }));
  return counted.toSorted((a, b) => b.count - a.count)[0]?.separator ?? ',';
}
