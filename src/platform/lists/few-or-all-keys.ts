import { type RawBuilder, sql, type SqlBool } from 'kysely';
import type { SortKeys } from './list-order.ts';

/** Keys of a list up to which they are read first: of a million profiles, few may have a row in it. */
const FEW_KEYS_MAX = 300;

/** Where the keys of a list are: the rows of a table that are in it. */
export interface KeyedRows {
  /** Column of the rows with their key, as the query names it. */
  scope: string;
  /** Tables and joins after `from`. */
  from: RawBuilder<unknown>;
  /** Condition on the rows. An index has their keys in order. */
  where: RawBuilder<SqlBool>;
}

/**
 * The keys of the rows of a list, if they are few, or all keys: one of both is read. The few are found one after the
 * other in the index of the rows.
 */
export function fewOrAllKeys(keys: RawBuilder<unknown>, { scope, from, where }: KeyedRows): readonly SortKeys[] {
  const id = sql.ref(scope);
  const next = (after: RawBuilder<SqlBool>) =>
    sql`(select ${id} from ${from} where ${where} and ${after} order by ${id} limit 1)`;
  const tables = sql`row_key (id) as (
      select ${next(sql<SqlBool>`true`)}
      union all
      select ${next(sql<SqlBool>`${id} > row_key.id`)} from row_key where row_key.id is not null
    ), some_key as materialized (
      select id from row_key where id is not null limit ${sql.lit(FEW_KEYS_MAX + 1)})`;
  const is_few = sql<SqlBool>`(select count(*) from some_key) <= ${sql.lit(FEW_KEYS_MAX)}`;
  const few = sql`(select id, value from ${keys} as key_of_row where id = any(array(select id from some_key)))`;
  return [
    { keys: few, scope, tables, is_read: is_few },
    { keys, scope, is_read: sql<SqlBool>`not ${is_few}` },
  ];
}
