import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { inflateSync } from 'node:zlib';
import { Problem } from '#kernel/problem';
import { renderMsMax, renderPdf } from './render-pdf.ts';
import { ROWS_MAX, type Sheet } from './sheet.ts';

const sheetOf = (names: readonly string[], rows: readonly string[][] = []): Sheet => ({
  title: 'Invoice 2026-000001',
  lang: 'en',
  created_at: new Date('2026-03-10T15:00:00Z'),
  facts: [],
  parties: names.map((name) => ({ heading: 'To', lines: [name] })),
  tables: [{ heading: null, columns: ['What', 'Amount'], rows, totals: [] }],
  notes: [],
});

/** Contents of the objects of a PDF, by number: the dictionary, and the inflated stream if it has one. */
function readObjects(file: Buffer): Map<string, { head: string; stream: string }> {
  const text = file.toString('latin1');
  const objects = new Map<string, { head: string; stream: string }>();
  for (const match of text.matchAll(/(\d+) 0 obj\n([\s\S]*?)endobj/g)) {
    const [, number = '', body = ''] = match;
    const start = body.indexOf('stream\n');
    const head = start < 0 ? body : body.slice(0, start);
    const bytes = start < 0 ? '' : body.slice(start + 7, body.lastIndexOf('\nendstream'));
    const stream = head.includes('FlateDecode') ? inflateSync(Buffer.from(bytes, 'latin1')).toString('latin1') : bytes;
    objects.set(number, { head, stream });
  }
  return objects;
}

/** What a PDF prints: the text of each shown run through the map of its font, and how many glyphs are missing. */
function readText(file: Buffer): { text: string; missing: number; embedded: number } {
  const objects = readObjects(file);
  const maps = new Map<string, Map<string, string>>();
  for (const { head } of objects.values()) {
    const [, unicode] = /\/ToUnicode (\d+) 0 R/.exec(head) ?? [];
    const [, name] = /\/BaseFont \/(\S+)/.exec(head) ?? [];
    if (unicode === undefined || name === undefined) continue;
    maps.set(name, readMap(objects.get(unicode)?.stream ?? ''));
  }
  const embedded = [...objects.values()].filter(({ head }) => /\/FontFile[23]? \d+ 0 R/.test(head)).length;
  assert.equal(embedded, maps.size, 'every font is embedded');
  // Fonts of the pages by their short name.
  const fonts = new Map<string, Map<string, string>>();
  for (const { head } of objects.values()) {
    for (const [, short = '', number = ''] of head.matchAll(/\/(F\d+) (\d+) 0 R/g)) {
      const [, name = ''] = /\/BaseFont \/(\S+)/.exec(objects.get(number)?.head ?? '') ?? [];
      fonts.set(short, maps.get(name) ?? new Map());
    }
  }
  let text = '';
  let missing = 0;
  for (const { stream } of objects.values()) {
    let font: Map<string, string> | undefined;
    for (const [, short, shown] of stream.matchAll(/\/(F\d+) [\d.]+ Tf|\[([^\]]*)\] TJ/g)) {
      if (short !== undefined) font = fonts.get(short);
      for (const [, hex = ''] of (shown ?? '').matchAll(/<([0-9a-f]+)>/g)) {
        for (const code of hex.match(/.{4}/g) ?? []) {
          if (code === '0000') missing += 1;
          text += font?.get(code) ?? '';
        }
      }
      if (shown !== undefined) text += '|';
    }
  }
  return { text, missing, embedded };
}

/** Reads the ranges of a ToUnicode map: code to text. */
function readMap(stream: string): Map<string, string> {
  const map = new Map<string, string>();
  for (const [, first = '', last = '', list = ''] of stream.matchAll(/<([0-9a-f]+)> <([0-9a-f]+)> \[([^\]]*)\]/g)) {
    const texts = [...list.matchAll(/<([0-9a-f ]*)>/g)].map(([, hex = '']) =>
      Buffer.from(hex.replaceAll(' ', ''), 'hex').swap16().toString('utf16le'),
    );
    for (let code = Number.parseInt(first, 16); code <= Number.parseInt(last, 16); code += 1) {
      map.set(code.toString(16).padStart(4, '0'), texts[code - Number.parseInt(first, 16)] ?? '');
    }
  }
  return map;
}

/** Base characters in one order: lines are printed in visual order, and a mark is a glyph without a text of its own. */
const sortedCharacters = (text: string) =>
  [...text.normalize('NFKD').replaceAll(/[\s\p{M}]/gu, '')].toSorted().join('');

test('names in many scripts are printed with embedded glyphs, and none is missing', async () => {
  const names = [
    'Ærøskøbing Öçşğ',
    'Привіт Їжак',
    'Ελλάδα Όμικρον',
    'Nguyễn Thị Hằng',
    'שלום עולם בע״מ',
    'شركة الاختبار المحدودة',
    '株式会社テスト',
    '龍騰有限公司',
    '주식회사 한국',
    'บริษัท ไทย',
  ];
  for (const name of names) {
    const { text, missing, embedded } = readText(await buffer(await renderPdf(sheetOf([name]))));
    assert.equal(missing, 0, `${name}: a glyph is missing`);
    assert.ok(embedded >= 1);
    const runs = text.slice(text.indexOf('To|') + 3, text.indexOf('Amount|'));
    assert.equal(sortedCharacters(runs.replaceAll('|', '')), sortedCharacters(name), name);
    assert.ok(!text.includes('\uFFFD'), name);
  }
});

test('a character of no font is printed as a replacement', async () => {
  const { text, missing } = readText(await buffer(await renderPdf(sheetOf(['ქართული']))));
  assert.equal(missing, 0);
  assert.match(text, /\uFFFD/);
});

test('a long table continues on further pages', async () => {
  const rows = Array.from({ length: 300 }, (_, index) => [`Line ${index}`, '$1.00']);
  const file = await buffer(await renderPdf(sheetOf(['Ada'], rows)));
  const { text } = readText(file);
  for (const [line = ''] of rows) assert.ok(text.includes(`|${line}|`), line);
  const pages = [...file.toString('latin1').matchAll(/\/Type \/Page\n/g)].length;
  assert.ok(pages >= 5 && pages < 12, `${pages} pages`);
});

const hasCode = (code: string) => (error: unknown) => error instanceof Problem && error.code === code;

test('a document with too many rows is refused with pdf_too_long', async () => {
  const rows = Array.from({ length: ROWS_MAX + 1 }, () => ['Line', '$1.00']);
  await assert.rejects(renderPdf(sheetOf(['Ada'], rows)), hasCode('pdf_too_long'));
});

test('two documents are made at a time; of many, those that cannot wait are refused with pdf_busy', async () => {
  const made = await Promise.allSettled(
    Array.from({ length: 25 }, async () => (await buffer(await renderPdf(sheetOf(['Ada'])))).length),
  );
  const refused = made.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
  // 2 threads and 20 places to wait; a thread of an earlier test may be about to end.
  assert.ok(refused.length >= 3 && refused.length <= 5, `${refused.length} refused`);
  assert.ok(refused.every(hasCode('pdf_busy')));
  assert.ok((await buffer(await renderPdf(sheetOf(['Ada'])))).length > 0, 'the next one is made');
});

test('the time of a document grows with its rows', () => {
  const timeOf = (rows_count: number) =>
    renderMsMax(
      sheetOf(
        ['Ada'],
        Array.from({ length: rows_count }, () => ['Line', '$1.00']),
      ),
    );
  assert.equal(timeOf(0), 20_000);
  assert.equal(timeOf(10_000), 50_000);
  assert.equal(timeOf(ROWS_MAX), 80_000);
});

test('a document of 10,000 rows is made, each row on a line', async () => {
  const rows = Array.from({ length: 10_000 }, (_, index) => [`Person ${index}`, '$1.00']);
  const { text, missing } = readText(await buffer(await renderPdf(sheetOf(['株式会社'], rows))));
  assert.equal(missing, 0);
  const printed = new Set(text.split('|'));
  assert.ok(rows.every(([line = '']) => printed.has(line)));
});

test('a document that takes too long is ended, and the next one is made', async () => {
  await assert.rejects(renderPdf(sheetOf(['株式会社']), { ms_max: 1 }), hasCode('pdf_busy'));
  assert.ok((await buffer(await renderPdf(sheetOf(['Ada'])))).length > 0);
});

test('a document that needs more memory than a thread has is refused with pdf_too_long', async () => {
  const rows = Array.from({ length: 10_000 }, (_, index) => [`Line ${index} `.repeat(20), '$1.00']);
  await assert.rejects(renderPdf(sheetOf(['Ada'], rows), { memory_mb: 16 }), hasCode('pdf_too_long'));
  assert.ok((await buffer(await renderPdf(sheetOf(['Ada'])))).length > 0, 'the next one is made');
});
