import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDatabaseUrl } from './database-hosts.ts';

// oxfmt-ignore
const table: [text: string, urls: string[], must_write: boolean][] = [
  ['postgres://u@h/db', ['postgres://u@h/db'], false],
  ['postgres://u:p%40w@h:5433/db?sslmode=require', ['postgres://u:p%40w@h:5433/db?sslmode=require'], false],
  ['postgres://u@a:5432,b:5433/db', ['postgres://u@a:5432/db', 'postgres://u@b:5433/db'], true],
  ['postgresql://u@a,b/db?target_session_attrs=read-write', ['postgresql://u@a/db', 'postgresql://u@b/db'], true],
  ['postgres://u@a,b/db?target_session_attrs=any&sslmode=disable', ['postgres://u@a/db?sslmode=disable', 'postgres://u@b/db?sslmode=disable'], false],
  ['postgres://u@a/db?target_session_attrs=primary', ['postgres://u@a/db'], true],
  ['postgres://u@[::1]:5432,[fd00::2]/db', ['postgres://u@[::1]:5432/db', 'postgres://u@[fd00::2]/db'], true],
  ['postgres:///db?host=/var/run/postgresql', ['postgres:///db?host=/var/run/postgresql'], false],
  ['socket:/var/run/postgresql?db=x', ['socket:/var/run/postgresql?db=x'], false],
];

for (const [text, urls, must_write] of table)
  test(`${text} names ${urls.length} server${urls.length === 1 ? '' : 's'}`, () => {
    assert.deepEqual(parseDatabaseUrl(text), { urls, must_write });
  });

test('a different database per host, an invalid host and a read-only target are errors', () => {
  for (const text of [
    'postgres://u@a,,b/db',
    'postgres://u@a:x,b/db',
    'mysql://u@a/db',
    'postgre://u@a/db',
    'https://a/db',
    'postgres://u@a,b/db?target_session_attrs=standby',
  ])
    assert.ok('error' in parseDatabaseUrl(text), text);
});
