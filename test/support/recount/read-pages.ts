import assert from 'node:assert/strict';
import type { ListQuery, Page } from '../../../src/kernel/page.ts';

/** Address of the lists that are read. */
export const url = new URL('http://cowork.test/');
/** A list of 100 rows a page in its default order. */
export const wholeList = (given: Partial<ListQuery> = {}): ListQuery => ({
  page: 1,
  page_size: 100,
  terms: [],
  fields: [],
  order: [],
  start_at: null,
  ends_at: null,
  ...given,
});

/** Reads all pages of a list: each has its size, and all have the same count. */
export async function readPages<T>(
  read: (list: ListQuery) => Promise<Page<T>>,
  given: Partial<ListQuery>,
): Promise<T[]> {
  const rows: T[] = [];
  const list = wholeList(given);
  for (let page = 1; ; page += 1) {
    const { count, next, results } = await read({ ...list, page });
    rows.push(...results);
    assert.equal(results.length, Math.min(list.page_size, Math.max(0, count - (page - 1) * list.page_size)));
    if (next === null) {
      assert.equal(rows.length, count, 'the count is that of the rows');
      return rows;
    }
  }
}

/** All rows of a download. */
export async function collect<T>(batches: AsyncGenerator<T[]>): Promise<T[]> {
  const rows: T[] = [];
  for await (const batch of batches) rows.push(...batch);
  return rows;
}

/** Rows as texts, in an order of their own. */
export const sorted = <T>(rows: readonly T[]) => rows.map((row) => JSON.stringify(row)).toSorted();
