import assert from 'node:assert/strict';
import { test } from 'node:test';
import { safeNext, withNext } from './next.ts';

test('a path of this site is accepted as next', () => {
  for (const path of [
    '/',
    '/app/',
    '/app/xia/?tab=1&next=/x',
    '/a%20b/',
    '/billing/:profile/cart/?plan=basic',
    '/x#top',
  ]) {
    assert.equal(safeNext(path), path);
  }
});

test('a target on another site is refused in every encoding', () => {
  const elsewhere = [
    '//evil.example',
    '///evil.example',
    '////evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/%2Fevil.example',
    '/%2f%2fevil.example',
    '/%5Cevil.example',
    '/%255Cevil.example',
    'https://evil.example/',
    'javascript:alert(1)',
    'data:text/html,x',
    ' /app/',
    '/app/\nSet-Cookie: a=b',
    '/app/%0d%0aSet-Cookie:a=b',
    '/a//b',
    '/%zz',
    'app/',
    '',
    `/${'a'.repeat(3000)}`,
  ];
  for (const path of elsewhere) assert.equal(safeNext(path), null, path);
});

test('next is appended to a path with or without a query, and omitted when it is not a path of this site', () => {
  assert.equal(withNext('/login/', '/app/?a=1'), '/login/?next=%2Fapp%2F%3Fa%3D1');
  assert.equal(withNext('/billing/x/cart/?plan=basic', '/app/'), '/billing/x/cart/?plan=basic&next=%2Fapp%2F');
  assert.equal(withNext('/login/', '//evil.example'), '/login/');
  assert.equal(withNext('/login/', null), '/login/');
});
