import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseListQuery, splitTerms } from './page.ts';
import { Problem } from './problem.ts';

const utc = (text: string) => {
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? null : at;
};

test('a request without list parameters gets the first page of 25 rows', () => {
  assert.deepEqual(parseListQuery({}, utc), {
    page: 1,
    page_size: 25,
    terms: [],
    fields: [],
    order: [],
    start_at: null,
    ends_at: null,
  });
});

test('a page size above 100 counts as 100, an invalid one is ignored', () => {
  for (const [text, given] of [
    ['1', 1],
    ['100', 100],
    ['101', 100],
    ['999999999', 100],
    ['0', 25],
    ['-3', 25],
    ['ten', 25],
    ['', 25],
    ['9'.repeat(40), 25],
  ] as const) {
    assert.equal(parseListQuery({ page_size: text }, utc).page_size, given, text);
  }
});

test('a page that is not a number is page 0, which does not exist', () => {
  assert.equal(parseListQuery({ page: '3' }, utc).page, 3);
  assert.equal(parseListQuery({ page: '' }, utc).page, 1);
  for (const page of ['last', '-1', '1.5', '1e3', '99999999']) {
    assert.ok(Number.isNaN(parseListQuery({ page }, utc).page), page);
  }
});

test('terms are separated by commas, and quotes protect a comma', () => {
  assert.deepEqual(splitTerms('alice, bob'), ['alice', 'bob']);
  assert.deepEqual(splitTerms('"smith, donny",xia'), ['smith, donny', 'xia']);
  assert.deepEqual(splitTerms(' two words ,,'), ['two words']);
  assert.deepEqual(splitTerms('"never closed'), ['never closed']);
  assert.equal(splitTerms(Array.from({ length: 50 }, (_, i) => `t${i}`).join(',')).length, 20);
});

test('an order may be repeated, separated by commas, and reversed by a minus or by ot', () => {
  assert.deepEqual(parseListQuery({ o: ['title,-created_at', '-', 'x'] }, utc).order, [
    { field: 'title', descending: false },
    { field: 'created_at', descending: true },
    { field: 'x', descending: false },
  ]);
  assert.deepEqual(parseListQuery({ o: 'title', ot: 'desc' }, utc).order, [{ field: 'title', descending: true }]);
  assert.deepEqual(parseListQuery({ o: '-title', ot: 'desc' }, utc).order, [{ field: 'title', descending: true }]);
});

test('a lookup prefix on a searched field is removed', () => {
  assert.deepEqual(parseListQuery({ q_f: ['^slug', '=email', 'title'] }, utc).fields, ['slug', 'email', 'title']);
});

test('instants may be quoted; a text that is not an instant is refused with the name of its field', () => {
  const { start_at, ends_at } = parseListQuery({ start_at: '"2026-01-01T00:00:00Z"', ends_at: '' }, utc);
  assert.deepEqual(start_at, new Date('2026-01-01T00:00:00Z'));
  assert.equal(ends_at, null);
  assert.throws(
    () => parseListQuery({ ends_at: 'soon' }, utc),
    (error) => error instanceof Problem && error.status === 400 && Object.keys(error.fields ?? {}).join() === 'ends_at',
  );
});
