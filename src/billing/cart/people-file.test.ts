import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Problem } from '#kernel/problem';
import { decodeText } from '#platform/csv/read-csv';
import { parsePerson, readRows } from './people-file.ts';

const cellsOf = (text: string) => readRows(text).map(({ cells }) => cells);
const messageOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof Problem, String(error));
    assert.deepEqual(Object.keys(error.fields ?? {}), ['file']);
    return error.fields?.['file']?.[0] ?? '';
  }
  assert.fail('the file was accepted');
};

test('commas, semicolons and tabulators separate cells, with any line ends and a byte-order mark', () => {
  const people = [
    ['Ann', 'Lee', 'ann@example.com'],
    ['Bob', 'Lee', 'bob@example.com'],
  ];
  for (const separator of [',', ';', '\t']) {
    for (const end of ['\n', '\r\n', '\r']) {
      const text = people.map((cells) => cells.join(separator)).join(end);
      assert.deepEqual(cellsOf(text), people, JSON.stringify(text));
      assert.deepEqual(cellsOf(`\u{feff}${text}${end}`), people);
    }
  }
  assert.deepEqual(cellsOf('Lee, Ann;ann@example.com'), [['Lee, Ann', 'ann@example.com']], 'a comma in a name');
  assert.deepEqual(cellsOf('"Lee; Ann",ann@example.com'), [['Lee; Ann', 'ann@example.com']]);
  assert.deepEqual(cellsOf('broken;row\nAnn;ann@example.com'), [
    ['broken', 'row'],
    ['Ann', 'ann@example.com'],
  ]);
});

test('rows keep the number of their line in the file, also after empty lines', () => {
  const rows = readRows('Ann,ann@example.com\n\n\nBob,bob@example.com\n');
  assert.deepEqual(
    rows.map(({ number }) => number),
    [1, 4],
  );
  assert.deepEqual(readRows(''), []);
});

test('only UTF-8 is read; other encodings are named', () => {
  const text = 'Zoë,zoe@example.com\n日本,jp@example.com\n';
  assert.equal(decodeText(Buffer.from(text)), text);
  assert.equal(decodeText(Buffer.from(`\u{feff}${text}`)), text, 'the byte-order mark is dropped');
  const utf16 = Buffer.from('\u{feff}Ann,ann@example.com', 'utf16le');
  assert.match(
    messageOf(() => decodeText(utf16)),
    /UTF-16\. Save it as "CSV UTF-8"/,
  );
  assert.match(
    messageOf(() => decodeText(utf16.swap16())),
    /UTF-16/,
  );
  assert.match(
    messageOf(() => decodeText(Buffer.from('Ann,ann@example.com', 'utf16le'))),
    /UTF-16/,
  );
  assert.match(
    messageOf(() => decodeText(Buffer.from('Zoë,zoe@example.com', 'latin1'))),
    /Latin-1/,
  );
  assert.match(
    messageOf(() => decodeText(Buffer.from('A\0nn,ann@example.com'))),
    /not a text file/,
  );
});

test('a file that is one endless cell, or has too many rows, is refused by its row', () => {
  const open_quote = `Ann,ann@example.com\n"${'x,'.repeat(1_000_000)}`;
  assert.match(
    messageOf(() => readRows(open_quote)),
    /^Row \d+ has more than 2000 characters/,
  );
  assert.match(
    messageOf(() => readRows('Ann,"ann@example.com')),
    /not closed/,
  );
  assert.match(
    messageOf(() => readRows('Ann,a"b"@example.com')),
    /not CSV/,
  );
  assert.match(
    messageOf(() => readRows('A,a@example.com\n'.repeat(10_001))),
    /more than 10000 rows/,
  );
  assert.equal(readRows('A,a@example.com\n'.repeat(10_000)).length, 10_000);
  assert.match(
    messageOf(() => readRows(`${','.repeat(5000)}a@example.com`)),
    /more than 2000 characters/,
  );
});

test('a row with a formula is a name like any other; a row with other cells is named by its field', () => {
  assert.deepEqual(parsePerson(['=HYPERLINK("http://x")', 'ann@example.com']), {
    full_name: '=HYPERLINK("http://x")',
    email: 'ann@example.com',
  });
  assert.deepEqual(parsePerson(['Ann']), { error: 'Unable to parse row' });
  assert.deepEqual(parsePerson(['a', 'b', 'c', 'd@example.com']), { error: 'Unable to parse row' });
  assert.deepEqual(parsePerson(['', '', 'no address']), {
    error: {
      full_name: ['Enter a name of at most 150 characters.'],
      email: ['Enter a valid email address.'],
    },
  });
});
