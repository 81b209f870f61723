/** Runs one text of SQL, with several statements or with parameters. */
export type RunSql = (text: string, values?: unknown[]) => Promise<{ rows: Record<string, unknown>[] }>;

/** What a migrated database holds before the first test. */
export interface Pristine {
  /** Describes tables, functions and triggers, so that a database whose schema a test changed is recognized. */
  schema: string;
  /** The rows that migrations insert, as JSON, by table. */
  rows: ReadonlyMap<string, string>;
  /** Values of the sequences that migrations used. */
  sequences: readonly { name: string; value: string }[];
}

/** A database of more bytes than this holds many deleted rows: reading over them takes longer than a new database. */
const BYTES_MAX = 28_000_000;

const tables = `
  select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = 'public' and c.relkind = 'r'`;

const schema = `
  select concat_ws(' ',
    (select count(*) || ':' || max(oid::bigint) from pg_class where relnamespace = 'public'::regnamespace),
    (select count(*) from pg_attribute a join pg_class c on c.oid = attrelid where relnamespace = 'public'::regnamespace),
    (select count(*) || ':' || max(oid::bigint) from pg_attrdef),
    (select count(*) || ':' || max(oid::bigint) from pg_constraint),
    (select count(*) || ':' || max(oid::bigint) || ':' || sum(hashtext(prosrc)::bigint) from pg_proc
      where pronamespace = 'public'::regnamespace),
    (select count(*) || ':' || max(oid::bigint) || ':' || count(*) filter (where tgenabled <> 'O') from pg_trigger),
    (select count(*) from pg_namespace where nspname !~ '^pg_'),
    (select count(*) from pg_db_role_setting where setdatabase = (select oid from pg_database where datname = current_database()))
  ) as schema, pg_database_size(current_database()) as bytes`;

/** Reads what `resetDatabase` restores, from a database that no test used. */
export async function readPristine(run: RunSql): Promise<Pristine> {
  const rows = new Map<string, string>();
  for (const { name } of (await run(tables)).rows) {
    const [found] = (await run(`select json_agg(t)::text as rows from ${String(name)} t`)).rows;
    if (typeof found?.['rows'] === 'string') rows.set(String(name), found['rows']);
  }
  const sequences = await run(`
    select format('%I.%I', schemaname, sequencename) as name, last_value::text as value from pg_sequences
    where last_value is not null`);
  const [described] = (await run(schema)).rows;
  return {
    schema: String(described?.['schema']),
    rows,
    sequences: sequences.rows.map(({ name, value }) => ({ name: String(name), value: String(value) })),
  };
}

/**
 * Brings a database back to its first state. Returns false when a test changed its schema or filled it; such a database
 * is not used again.
 *
 * Measured: 30 ms; a new database takes 0.5 s of CPU as a PGlite, and up to 3 s on a server, which copies and deletes a
 * thousand files.
 */
export async function resetDatabase(run: RunSql, pristine: Pristine): Promise<boolean> {
  const [now] = (await run(schema)).rows;
  if (now?.['schema'] !== pristine.schema || Number(now?.['bytes']) > BYTES_MAX) return false;
  await run(`begin; set local session_replication_role = replica; ${emptying(pristine)}; commit`);
  for (const { name, value } of pristine.sequences)
    await run('select setval($1::text::regclass, $2::bigint)', [name, value]);
  // The scans above are no part of what a test counts (pg_stat_xact_user_tables).
  await run('select pg_stat_force_next_flush()');
  await run('select 1');
  return true;
}

/** Triggers and foreign keys do not apply, so that tables are emptied in any order. */
function emptying({ rows }: Pristine): string {
  const kept = [...rows].map(
    ([name, json]) => `
      delete from ${name};
      insert into ${name} overriding system value select * from json_populate_recordset(null::${name}, ${quote(json)})`,
  );
  return `
    do $reset$
    declare name text; is_used boolean;
    begin
      for name in select t.name from (${tables}) t where pg_relation_size(t.name::regclass) > 0 loop
        execute format('select exists (select from %s)', name) into is_used;
        if is_used then execute format('delete from %s', name); end if;
      end loop;
    end $reset$;
    ${kept.join(';')};
    select setval(seqrelid::regclass, seqstart, false) from pg_sequence`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
