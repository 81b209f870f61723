import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Problem } from '#kernel/problem';
import { readCsv } from './read-csv.ts';

const read = (text: string | Uint8Array, rows_max = 10) =>
  readCsv(typeof text === 'string' ? new TextEncoder().encode(text) : text, { rows_max });
const refusal = (text: string | Uint8Array): string => {
  try {
    read(text);
  } catch (error) {
    if (error instanceof Problem) return error.fields?.['file']?.join(' ') ?? '';
    throw error;
  }
  return '';
};

test('a file is read with commas, semicolons and tabulators, and with a byte-order mark', () => {
  for (const separator of [',', ';', '\t'])
    assert.deepEqual(
      read(`\ufeffa:b${separator}2026-03-01${separator}"10${separator}5"\r\n\r\nc${separator}d${separator}e\r\n`),
      [
        { number: 1, cells: ['a:b', '2026-03-01', `10${separator}5`] },
        { number: 3, cells: ['c', 'd', 'e'] },
      ],
      JSON.stringify(separator),
    );
});

test('lines that end in different ways are rows of their own', () => {
  const rows = read('Ann,ann@example.com\r\nBob,bob@example.com\nCyd,cyd@example.com\rDon,don@example.com');
  assert.deepEqual(
    rows.map(({ cells }) => cells.join()),
    ['Ann,ann@example.com', 'Bob,bob@example.com', 'Cyd,cyd@example.com', 'Don,don@example.com'],
  );
  assert.deepEqual(
    rows.map(({ number }) => number),
    [1, 2, 3, 4],
  );
});

test('a file in another encoding is refused', () => {
  assert.match(refusal(new Uint8Array([0xff, 0xfe, 0x61, 0x00])), /UTF-8/);
  assert.match(refusal(new Uint8Array([0x63, 0x61, 0x66, 0xe9])), /UTF-8/);
  assert.match(refusal(new Uint8Array([0x50, 0x4b, 0x03, 0x04, 0x00, 0x00])), /UTF-8/);
});

test('a row that cannot be read is named', () => {
  assert.match(refusal('a,b\n"c,d\n'), /Row \d/);
  assert.match(refusal('a,b\nc "d",e\n'), /Row 2/);
  assert.match(refusal(`a,b\n${','.repeat(5000)}\n`), /Row 2 has more than 2000 characters/);
  assert.match(refusal(`a,b\n"${'x\n'.repeat(3000)}`), /Row \d+ has more than 2000 characters/);
});

test('a file with too many rows is refused without reading all of it', () => {
  const started = performance.now();
  assert.match(refusal('a,b\n'.repeat(1_000_000)), /more than 10 rows/);
  assert.ok(performance.now() - started < 5000);
});
