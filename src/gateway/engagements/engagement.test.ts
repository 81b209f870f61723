import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findDueTags, describeVisit } from './engagement.ts';

const at = (hour: number) => new Date(Date.UTC(2026, 0, 1, hour));

test('a first visit has no previous visit, and its tags are new', () => {
  assert.deepEqual(describeVisit(['app', 'docs'], new Map()), { last_visited: null, first_time_tags: ['app', 'docs'] });
});

test('the last visit is the latest instant under any of the tags', () => {
  const visits = new Map([
    ['app', at(1)],
    ['docs', at(3)],
    ['other', at(9)],
  ]);
  assert.deepEqual(describeVisit(['app', 'docs', 'new'], visits), {
    last_visited: '2026-01-01T03:00:00.000Z',
    first_time_tags: ['new'],
  });
});

test('a rule without tags has no visit', () => {
  assert.deepEqual(describeVisit([], new Map([['app', at(1)]])), { last_visited: null, first_time_tags: [] });
});

test('a visit is recorded once per hour', () => {
  const visits = new Map([['app', at(1)]]);
  assert.deepEqual(findDueTags(['app', 'docs'], visits, at(1)), ['docs']);
  assert.deepEqual(findDueTags(['app'], visits, at(2)), ['app']);
});
