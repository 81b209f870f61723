import { sql } from 'kysely';
import type { Reader } from '#platform/db/database';

/** True if a database has no tables, or those of this program without a user or a profile. Writes nothing. */
export async function isEmpty(reader: Reader): Promise<boolean> {
  const { rows } = await sql<{ name: string }>`
    select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')`.execute(
    reader,
  );
  const names = new Set(rows.map(({ name }) => name));
  if (names.size === 0) return true;
  if (!names.has('schema_migrations')) return false;
  for (const table of ['users', 'profiles']) {
    if (!names.has(table)) continue;
    const { rows: some } = await sql`select from ${sql.table(table)} limit 1`.execute(reader);
    if (some.length > 0) return false;
  }
  return true;
}
