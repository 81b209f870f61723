import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  fromSubjectColumns,
  isSameSubject,
  isWellFormed,
  type LedgerSubject,
  subjectText,
  toSubjectColumns,
} from './subject.ts';

const texts: [LedgerSubject, string][] = [
  [{ kind: 'sub', id: '12', part: '' }, 'sub_12/'],
  [{ kind: 'sub', id: '12', part: 'requests' }, 'sub_12/requests/'],
  [{ kind: 'cha', id: '7', part: '3' }, 'cha_7/3/'],
  [{ kind: 'cpn', id: '0af3', part: null }, 'cpn_0af3'],
];

test('a subject is presented as event_id of exports', () => {
  for (const [subject, text] of texts) assert.equal(subjectText(subject), text);
});

const drawn = fc.record({
  kind: fc.constantFrom('sub', 'cha', 'cpn'),
  id: fc.constantFrom('1', '12', '2/', '', '0_a', 'a'.repeat(101)),
  part: fc.constantFrom(null, '', '1', 'requests', 'a/b'),
});

test('well-formed subjects have the same text exactly if they are the same', () => {
  fc.assert(
    fc.property(drawn, drawn, (a, b) => {
      fc.pre(isWellFormed(a) && isWellFormed(b));
      assert.equal(subjectText(a) === subjectText(b), isSameSubject(a, b));
    }),
  );
});

test('a subject, and null, are unchanged after a round trip through columns', () => {
  for (const [subject] of texts) assert.deepEqual(fromSubjectColumns(toSubjectColumns(subject)), subject);
  assert.equal(fromSubjectColumns(toSubjectColumns(null)), null);
});

test('a kind with an underscore and an id or part with a slash are malformed', () => {
  const subject = { kind: 'sub', id: '1', part: '' };
  assert.equal(isWellFormed(subject), true);
  assert.equal(isWellFormed({ ...subject, kind: 'sub_x' }), false);
  assert.equal(isWellFormed({ ...subject, id: '1/2' }), false);
  assert.equal(isWellFormed({ ...subject, id: '' }), false);
  assert.equal(isWellFormed({ ...subject, part: 'a/b' }), false);
  assert.equal(isWellFormed({ ...subject, part: 'a'.repeat(101) }), false);
});
