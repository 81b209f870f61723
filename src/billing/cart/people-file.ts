import { CsvError, parse } from 'csv-parse/sync';
import { parseEmail } from '#kernel/email';
import { invalidInput, type Problem } from '#kernel/problem';
import { normalizeCode } from '#kernel/text';

/** Maximum number of rows of an uploaded list. */
export const UPLOAD_ROWS_MAX = 10_000;

/** Longest row, in characters: a quotation mark that is never closed does not make the file one row. */
const ROW_LENGTH_MAX = 2000;
const NAME_LENGTH_MAX = 150;
/** Rows that are read to find the separator. */
const SAMPLE_ROWS = 10;
const separators = [',', ';', '\t'] as const;

/** A row of the file. `number` is that of its line in the file, from 1; of its last line, if a cell has several. */
export interface FileRow {
  number: number;
  cells: string[];
}

export interface Person {
  full_name: string;
  email: string;
}

/**
 * Decodes an uploaded text file: UTF-8, with or without a byte-order mark.
 * @throws invalid_input (400) naming `file` for any other encoding
 */
export function decodeFile(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) throw encodingProblem('UTF-16');
  if (bytes.includes(0))
    throw looksLikeUtf16(bytes) ? encodingProblem('UTF-16') : fileProblem('This is not a text file.');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw encodingProblem('another encoding, such as Latin-1 or Windows-1252');
  }
}

function encodingProblem(found: string): Problem {
  return fileProblem(`The file is in ${found}. Save it as "CSV UTF-8" and upload it again.`);
}

function fileProblem(message: string): Problem {
  return invalidInput({ file: [message] });
}

/** True if nearly every second byte is zero: ASCII characters in UTF-16 without a byte-order mark. */
function looksLikeUtf16(bytes: Uint8Array): boolean {
  const sample = bytes.subarray(0, 200);
  const zeros = [0, 1].map((start) => sample.filter((byte, index) => index % 2 === start && byte === 0).length);
  return Math.max(...zeros) * 4 >= sample.length;
}

/**
 * Reads the rows of a CSV file without its empty lines. The separator is the comma, the semicolon or the tabulator: the
 * one that leaves an e-mail address in the last cell of one of the first rows.
 * @throws invalid_input (400) naming `file`: not CSV, a row that is too long, too many rows
 */
export function readRows(text: string): FileRow[] {
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
      to: UPLOAD_ROWS_MAX + 1,
    }) as unknown as { record: string[]; info: { lines: number } }[]; // the shape that `info` selects
    if (records.length > UPLOAD_ROWS_MAX) throw fileProblem(`The file has more than ${UPLOAD_ROWS_MAX} rows.`);
    return records.map(({ record, info }) => ({ number: info.lines, cells: record }));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw fileProblem(describeFault(error));
  }
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
  const sample = text.slice(0, SAMPLE_ROWS * ROW_LENGTH_MAX).split(/\r\n|\n|\r/, SAMPLE_ROWS);
  const lastCell = (line: string, separator: string) => (line.split(separator).at(-1) ?? '').replaceAll('"', '');
  const found = separators.find((separator) =>
    sample.some((line) => line.includes(separator) && parseEmail(normalizeCode(lastCell(line, separator))) !== null),
  );
  return found ?? separators.find((separator) => sample.some((line) => line.includes(separator))) ?? ',';
}

/** Parses the cells of one row as a person, or returns the error of the row. */
export function parsePerson(cells: readonly string[]): Person | { error: string | Record<string, string[]> } {
  if (cells.length !== 2 && cells.length !== 3) return { error: 'Unable to parse row' };
  const email = parseEmail(normalizeCode(cells.at(-1) ?? ''));
  const full_name = cells.slice(0, -1).join(' ').trim();
  const error: Record<string, string[]> = {};
  if (full_name === '' || full_name.length > NAME_LENGTH_MAX)
    error['full_name'] = [`Enter a name of at most ${NAME_LENGTH_MAX} characters.`];
  if (email === null) error['email'] = ['Enter a valid email address.'];
  return email === null || Object.keys(error).length > 0 ? { error } : { full_name, email };
}
