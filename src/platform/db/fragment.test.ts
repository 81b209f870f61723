import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { compileFragment, fragment, joinFragments, nameFragment, verbatimFragment } from './fragment.ts';

test('the values of nested fragments are numbered in their order', () => {
  const owned = fragment`user_id = ${7}`;
  const { sql: text, parameters } = compileFragment(
    fragment`select ${joinFragments([nameFragment('a"b'), verbatimFragment('c')])} from t where ${owned} and x = ${'y'}`,
  );
  assert.equal(text, 'select "a""b", c from t where user_id = $1 and x = $2');
  assert.deepEqual(parameters, [7, 'y']);
});

test('fragments of one shape have the same text, and a nested fragment in place of a value another one', () => {
  const whole = (given: unknown) => compileFragment(fragment`select ${given}, ${2}`);
  assert.equal(whole(1).sql, whole(3).sql);
  assert.equal(whole(fragment`now()`).sql, 'select now(), $1');
  assert.equal(whole(fragment`coalesce(${1}, ${2})`).sql, 'select coalesce($1, $2), $3');
  assert.equal(whole(1).sql, 'select $1, $2');
});

test('lists of different lengths are different shapes', () => {
  const list = (count: number) =>
    compileFragment(fragment`select ${joinFragments(Array.from({ length: count }, (_, index) => fragment`${index}`))}`);
  assert.equal(list(1).sql, 'select $1');
  assert.equal(list(3).sql, 'select $1, $2, $3');
  assert.deepEqual(list(3).parameters, [0, 1, 2]);
});

test('an expression of Kysely is refused, because it would become a parameter', () => {
  assert.throws(() => compileFragment(fragment`select ${sql`1`} as refused`), /no expression/);
});
