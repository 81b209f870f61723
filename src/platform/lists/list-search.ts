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
      terms.map((term) => sql`${text} ilike ${`%${escapeLike(term)}%`}`),
      sql` or `,
    )})`;
  // `offset 0`: the ids are found first, by the indexes of texts, instead of a test of each row in the order of the
  // list.
  return sql<SqlBool>`${reference(id)} in (select * from (${candidates(matches)}) candidate offset 0)`;
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
