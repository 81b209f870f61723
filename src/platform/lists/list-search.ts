import { type Expression, type RawBuilder, sql, type SqlBool } from 'kysely';

/** Column of a list: `table.column`, or an expression over columns. */
export type AnyColumn = string | Expression<unknown>;

/** Returns the condition that a text contains one of the searched terms. */
export type TextMatch = (text: RawBuilder<unknown>) => RawBuilder<SqlBool>;

/** Stands between the columns in the searched text of a row, so that no term matches the end of one and the next. */
const SEPARATOR = '\u001F';

/**
 * Returns the condition that one of the columns contains one of the terms, ignoring case.
 *
 * Why one text: each comparison converts its text to lower case, which takes longer than to join the columns.
 */
export function matchTerms(terms: readonly string[], columns: readonly AnyColumn[]): RawBuilder<SqlBool> {
  const patterns = terms.map((term) => `%${escapeLike(term)}%`);
  const texts = [...new Set(columns)].map((column) => sql`${reference(column)}::text`);
  if (terms.some((term) => term.includes(SEPARATOR))) {
    const matches = texts.map((text) => sql`${text} ilike any(${patterns}::text[])`);
    return sql<SqlBool>`(${sql.join(matches, sql` or `)})`;
  }
  const [only] = texts;
  const text = texts.length === 1 && only ? only : sql`concat_ws(${sql.lit(SEPARATOR)}, ${sql.join(texts, sql`, `)})`;
  const [pattern] = patterns;
  return patterns.length === 1
    ? sql<SqlBool>`${text} ilike ${pattern}::text`
    : sql<SqlBool>`${text} ilike any(${patterns}::text[])`;
}

/** True if an index of texts can find the terms: each has three letters or digits in a row. */
export function areIndexable(terms: readonly string[]): boolean {
  return terms.length > 0 && terms.every((term) => /[\p{L}\p{N}]{3}/u.test(term));
}

/** Returns the condition by which an index of texts finds the rows that may contain a term (`SearchCandidates`). */
export function matchByIndex(terms: readonly string[]): TextMatch {
  return (text) =>
    sql<SqlBool>`(${sql.join(
      terms.map((term) => sql`${text} ilike ${`%${escapeLike(rarestPart(term))}%`}`),
      sql` or `,
    )})`;
}

/** Returns the condition that a row may match a search; null when the terms are too short for an index. */
export function searchCandidates(
  terms: readonly string[],
  id: AnyColumn,
  candidates: (matches: TextMatch) => RawBuilder<unknown>,
): RawBuilder<SqlBool> | null {
  if (!areIndexable(terms)) return null;
  // An array: the ids are found first, by the indexes of texts, and the rows are read by them. The server expects few.
  return sql<SqlBool>`${reference(id)} = any(array(${candidates(matchByIndex(terms))}))`;
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
