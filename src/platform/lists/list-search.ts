import { type Expression, type RawBuilder, sql, type SqlBool } from 'kysely';

/** Column of a list: `table.column`, or an expression over columns. */
export type AnyColumn = string | Expression<unknown>;

/** Returns the condition that a text contains one of the searched terms. */
export type TextMatch = (text: RawBuilder<unknown>) => RawBuilder<SqlBool>;

/** Returns the condition that a row may match a search; null when the terms are too short for an index. */
export function searchCandidates(
  terms: readonly string[],
  id: AnyColumn,
  candidates: (matches: TextMatch) => RawBuilder<unknown>,
): RawBuilder<SqlBool> | null {
  if (terms.length === 0 || !terms.every((term) => /[\p{L}\p{N}]{3}/u.test(term))) return null;
  const matches: TextMatch = (text) =>
    sql<SqlBool>`(${sql.join(
      terms.map((term) => sql`${text} ilike ${`%${escapeLike(rarestPart(term))}%`}`),
      sql` or `,
    )})`;
  // An array: the ids are found first, by the indexes of texts, and the rows are read by them. The server expects few.
  return sql<SqlBool>`${reference(id)} = any(array(${candidates(matches)}))`;
}

/**
 * Returns the longest part of a term that has digits and no other signs, if it has three characters; else the term.
 *
 * Why: an index of texts reads the rows of each three characters of a term. Words like "Charge for" are in every row,
 * numbers in few.
 */
function rarestPart(term: string): string {
  const numbers = (term.match(/[\p{L}\p{N}]+/gu) ?? []).filter((word) => /\p{N}/u.test(word));
  const [longest = ''] = numbers.toSorted((left, right) => right.length - left.length);
  return longest.length >= 3 ? longest : term;
}

export function columnOf(columns: Readonly<Record<string, AnyColumn>>, name: string): AnyColumn | undefined {
  return Object.hasOwn(columns, name) ? columns[name] : undefined;
}

export function reference(column: AnyColumn): RawBuilder<unknown> {
  return typeof column === 'string' ? sql.ref(column) : sql`${column}`;
}

/** Escapes wildcards; the backslash is the default escape character of LIKE. */
export function escapeLike(term: string): string {
  return term.replaceAll(/[\\%_]/g, String.raw`\$&`);
}
