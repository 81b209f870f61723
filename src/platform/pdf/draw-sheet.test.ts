import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { mock, test } from 'node:test';
import { create, type Font } from 'fontkit';
import { drawSheet } from './draw-sheet.ts';
import { fontFiles } from './sheet-fonts.ts';
import type { Sheet } from './sheet.ts';

const sheetOf = (rows_count: number): Sheet => ({
  title: 'Invoice 2026-000001',
  lang: 'en',
  created_at: new Date('2026-03-10T15:00:00Z'),
  facts: [],
  parties: [],
  tables: [
    {
      heading: null,
      columns: ['What', 'Full price', 'Discount', 'Amount'],
      rows: Array.from({ length: rows_count }, (_, index) => [
        `Subscription to a plan until April 10, 2026 (1 month) for person-${index}@example.com`,
        '$25.00',
        '−$5.00',
        `$${index}.00`,
      ]),
      totals: [],
    },
  ],
  notes: [],
});

test('a table of four times as many rows lays out few more texts', async () => {
  const font = create(readFileSync(fontFiles.latin));
  assert.ok('layout' in font);
  // The method of the class: the font of the sheet is opened afterwards.
  const layout = mock.method(Object.getPrototypeOf(font) as Font, 'layout');
  const countLayouts = async (rows_count: number): Promise<number> => {
    layout.mock.resetCalls();
    await buffer(drawSheet(sheetOf(rows_count)));
    return layout.mock.callCount();
  };
  const few = await countLayouts(500);
  assert.ok(few > 20 && few < 500, `${few} layouts of 500 rows`);
  const more = await countLayouts(2000);
  assert.ok(more <= few, `${more} further layouts of 2,000 rows`);
});
