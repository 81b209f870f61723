import { parseEmail } from '#kernel/email';
import { normalizeCode } from '#kernel/text';
import { type CsvRow, parseRows, separators } from '#platform/csv/read-csv';

/** Maximum number of rows of an uploaded list. */
export const UPLOAD_ROWS_MAX = 10_000;

const NAME_LENGTH_MAX = 150;

export interface Person {
  full_name: string;
  email: string;
}

/**
 * Reads the rows of a list of people. The separator is the one that leaves an e-mail address in the last cell of one of
 * the first rows.
 * @throws invalid_input (400) naming `file`
 */
export function readRows(text: string): CsvRow[] {
  return parseRows(text, { rows_max: UPLOAD_ROWS_MAX, findSeparator });
}

function findSeparator(first_rows: readonly string[]): string {
  const lastCell = (row: string, separator: string) => (row.split(separator).at(-1) ?? '').replaceAll('"', '');
  const found = separators.find((separator) =>
    first_rows.some((row) => row.includes(separator) && parseEmail(normalizeCode(lastCell(row, separator))) !== null),
  );
  return found ?? separators.find((separator) => first_rows.some((row) => row.includes(separator))) ?? ',';
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
