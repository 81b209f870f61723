import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { readMigrations } from './migrate.ts';

const released = new URL('../../../test/fixtures/released-migrations.json', import.meta.url);

test('a released migration keeps its checksum, comments included', async () => {
  const migrations = await readMigrations();
  const checksums = new Map(migrations.map(({ name, checksum }) => [name, checksum]));
  const expected: Record<string, string> = JSON.parse(await readFile(released, 'utf8'));
  // A database that applied a migration refuses to start with another text of it.
  const present = Object.fromEntries(Object.keys(expected).map((name) => [name, checksums.get(name)]));
  assert.deepEqual(present, expected);
});

test('numbers of migrations are unique', async () => {
  const numbers = (await readMigrations()).map(({ name }) => name.slice(0, 4));
  assert.deepEqual(
    numbers.filter((number, index) => numbers.indexOf(number) !== index),
    [],
  );
});
