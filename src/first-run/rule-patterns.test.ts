import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Problem } from '#kernel/problem';
import { chooseRule } from './rule-patterns.ts';

test('each pattern has its operator and its default path', () => {
  const choose = (pattern: string) => chooseRule({ pattern, path: '', plan: '' });
  assert.deepEqual(choose('subscribers'), { path: '/app/{profile}/', allow: '15', is_forward: true });
  assert.deepEqual(choose('signed_in'), { path: '/app/', allow: '1', is_forward: true });
  assert.deepEqual(choose('public'), { path: '/', allow: '0', is_forward: true });
});

test('a plan is required of subscribers only', () => {
  const rule = chooseRule({ pattern: 'subscribers', path: '/reports/{profile}/', plan: 'basic' });
  assert.deepEqual(rule, { path: '/reports/{profile}/', allow: '15/{"plan":"basic"}', is_forward: true });
  assert.equal(chooseRule({ pattern: 'signed_in', path: '', plan: 'basic' }).allow, '1');
});

test('an unknown pattern is refused, naming the field', () => {
  assert.throws(
    () => chooseRule({ pattern: 'unknown', path: '', plan: '' }),
    (error) => error instanceof Problem && error.fields !== null && 'pattern' in error.fields,
  );
});
