/**
 * Content of a printed document: texts only, already formatted for the reader. Any script may occur in any text.
 */
export interface Sheet {
  /** `Receipt`, `Invoice 2026-000001`. */
  readonly title: string;
  /** Language of the reader, as a tag of BCP 47. */
  readonly lang: string;
  readonly created_at: Date;
  /** Label and value. */
  readonly facts: readonly (readonly [string, string])[];
  /** Seller and buyer: a heading and lines. */
  readonly parties: readonly { readonly heading: string; readonly lines: readonly string[] }[];
  readonly tables: readonly SheetTable[];
  readonly notes: readonly string[];
}

/** Table of a sheet. The first column is text and takes the rest of the width; the others are amounts. */
export interface SheetTable {
  readonly heading: string | null;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Rows of a label and an amount below the table. */
  readonly totals: readonly { readonly label: string; readonly amount: string; readonly is_strong: boolean }[];
}

/** Limits of a sheet: a longer text is cut, further rows are refused. */
export const TEXT_LENGTH_MAX = 600;
export const ROWS_MAX = 20_000;

/** Number of rows that a sheet prints. */
export function countRows({ tables }: Sheet): number {
  return tables.reduce((sum, { rows, totals }) => sum + rows.length + totals.length, 0);
}
