import { type RawBuilder, sql } from 'kysely';
import { type Db, inTransaction } from '../../src/platform/db/database.ts';

/**
 * Changes rows of the tables without triggers and foreign keys, as a superuser can, runs `work`, and restores the rows.
 * Tables with generated columns are not supported.
 */
export async function changeAndRestore<T>(
  db: Db,
  tables: readonly string[],
  change: RawBuilder<unknown>,
  work: () => Promise<T>,
): Promise<T> {
  const eachTable = (make: (table: RawBuilder<unknown>, copy: RawBuilder<unknown>) => RawBuilder<unknown>) =>
    tables.map((table) => make(sql.table(table), sql.table(`saved_${table}`)));
  const bypass = (...statements: RawBuilder<unknown>[]) =>
    inTransaction(db, async (tx) => {
      await sql`set local session_replication_role = replica`.execute(tx);
      for (const statement of statements) await statement.execute(tx);
    });
  await bypass(...eachTable((table, copy) => sql`create table ${copy} as table ${table}`), change);
  const result = await work();
  await bypass(
    ...eachTable((table) => sql`delete from ${table}`),
    ...eachTable((table, copy) => sql`insert into ${table} overriding system value table ${copy}`),
    ...eachTable((_, copy) => sql`drop table ${copy}`),
  );
  return result;
}
