import { type RawBuilder, type SelectQueryBuilder, type SqlBool } from 'kysely';
import type { ListQuery } from '#kernel/page';
import { type AnyColumn, columnOf, reference, type TextMatch } from './list-search.ts';

/** Search and sort keys of one list with their columns, and the order that applies last. */
export interface ListSpec<Column = AnyColumn> {
  readonly search: Readonly<Record<string, Column>>;
  /** Names of `search` whose text is part of another column: they are searched only when they are requested. */
  readonly implied?: readonly string[];
  readonly sort: Readonly<Record<string, Column>>;
  readonly default_order: readonly { readonly column: Column; readonly descending: boolean }[];
  /** Unique column, so that equal rows keep their order between pages. */
  readonly tie_breaker: Column;
  /**
   * Selects the ids of the rows that a search may find, as `tie_breaker` has them: all matches in any searched column,
   * and perhaps others. `matches` is the condition that a text contains a term; the texts have indexes
   * (`create_text_indexes`).
   */
  readonly candidates?: (matches: TextMatch) => RawBuilder<unknown>;
  /** Sort fields that are read one key after the other; each row of the list is in a part of its field at least. */
  readonly grouped?: Readonly<Record<string, readonly SortKeys[]>>;
  /** Column that `start_at` (inclusive) and `ends_at` (exclusive) bound; both are ignored without it. */
  readonly date?: Column;
}

/** Keys of a joined table with many rows for one key: `keys` selects their `id`, `scope` refers to it. */
export interface SortKeys {
  readonly keys: RawBuilder<unknown>;
  readonly scope: string;
  /** Condition on the rows that are read by these keys, if an index has them only. */
  readonly part?: RawBuilder<SqlBool>;
  /** Condition, without a row, under which the keys are read; always when omitted. */
  readonly is_read?: RawBuilder<SqlBool>;
  /** Common tables that `keys` and `is_read` name, also those of other keys of the field. */
  readonly tables?: RawBuilder<unknown>;
  /**
   * True if the rows of all keys are merged by the sort field: an index has them in order for each key only. Otherwise
   * `keys` also selects the `value` of the sort field, and rows of one value stand key by key.
   */
  readonly is_merged?: boolean;
  /** True if no two keys have one value, so that an index of the value alone has them in order. */
  readonly is_unique?: boolean;
  /** Condition on rows whose sort field is null in place of the value of their key. */
  readonly unknown?: RawBuilder<SqlBool>;
}

/** Rows before the requested page. */
export function offsetOf(list: ListQuery): number {
  return (list.page - 1) * list.page_size;
}

/**
 * Orders by the requested columns, then by the default order and the tie breaker. When the first requested column
 * descends, what follows is reversed too, so that one index serves a column in both directions.
 */
export function orderRows<DB, TB extends keyof DB, O>(
  query: SelectQueryBuilder<DB, TB, O>,
  spec: ListSpec,
  list: ListQuery,
  { reversed } = { reversed: false },
): SelectQueryBuilder<DB, TB, O> {
  return orderOf(spec, list).reduce(
    (ordered, { column, descending }) => ordered.orderBy(reference(column), descending !== reversed ? 'desc' : 'asc'),
    query,
  );
}

/** Returns the columns of the whole order of a list; the last one is unique, so that the order is total. */
export function orderOf(spec: ListSpec, list: ListQuery): { column: AnyColumn; descending: boolean }[] {
  const order = list.order.flatMap(({ field, descending }) => {
    const column = columnOf(spec.sort, field);
    return column === undefined ? [] : [{ column, descending }];
  });
  const flipped = order[0]?.descending === true;
  const [keys] = sortKeysOf(spec, list) ?? [];
  if (keys && keys.is_merged !== true) order.push({ column: keys.scope, descending: flipped });
  for (const { column, descending } of spec.default_order) {
    if (!order.some((each) => each.column === column)) order.push({ column, descending: descending !== flipped });
  }
  // Same direction as the column before, so that one index serves both.
  if (!order.some(({ column }) => column === spec.tie_breaker)) {
    order.push({ column: spec.tie_breaker, descending: order.at(-1)?.descending ?? false });
  }
  return order;
}

/** Returns the keys of the only requested order, or of the default order when none is requested. */
export function sortKeysOf(spec: ListSpec, list: ListQuery): readonly SortKeys[] | undefined {
  if (!spec.grouped || list.order.length > 1) return undefined;
  const [first] = spec.default_order;
  const field = list.order[0]?.field ?? Object.keys(spec.sort).find((name) => spec.sort[name] === first?.column);
  return field !== undefined && Object.hasOwn(spec.grouped, field) ? spec.grouped[field] : undefined;
}
