import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { galleryEntries } from '#platform/gallery';
import { humanizeMoney } from '#platform/templates/humanize-money';
import { startApp, type TestApp } from '../support/start-app.ts';

let app: TestApp;
before(async () => {
  app = await startApp();
});
after(() => app.close());

const pageTypes = () => app.tollgate.rooms.flatMap(({ page_types = [] }) => page_types);

test('every sample of every page fits the schema of the page', () => {
  for (const { template, samples, check } of pageTypes()) {
    for (const [state, sample] of Object.entries(samples)) {
      assert.doesNotThrow(() => check(sample), `${template}, ${state}`);
    }
  }
});

/** The pages of the gallery, by address. */
const shown = new Map<string, string>();

test('the gallery links to every sample and shows it', async () => {
  const list = await app.http.inject({ method: 'GET', url: '/_dev/gallery/' });
  assert.equal(list.statusCode, 200);
  const links = [...list.body.matchAll(/href="([^"]+)"/g)].map(([, link = '']) => link);
  const count = pageTypes().reduce((sum, { samples }) => sum + Object.keys(samples).length, 0);
  assert.equal(links.length, count);
  for (const url of links) {
    const page = await app.http.inject({ method: 'GET', url, headers: { accept: 'text/html' } });
    assert.equal(page.statusCode, 200, url);
    assert.match(page.body, /^<!doctype html>/, url);
    shown.set(url, page.body);
  }
  const missing = await app.http.inject({ method: 'GET', url: '/_dev/gallery/billing-saas-billing-cart/unknown/' });
  assert.equal(missing.statusCode, 404);
});

test('a page that shows rows of a list links to the CSV of the list', () => {
  const lists = [...shown].filter(([, body]) => body.includes('aria-label="Pages of this list"'));
  const without_csv = lists.filter(([, body]) => !/<a\b[^>]*href="[^"]*\bdownload\b[^"]*" download>/.test(body));
  assert.deepEqual(
    without_csv.map(([url]) => url),
    [],
  );
  assert.ok(lists.length > 60, String(lists.length));
});

test('a page with crumbs in its data links to the page above it', () => {
  const without: string[] = [];
  let pages_count = 0;
  for (const { name, state, page_type, href } of galleryEntries(app.tollgate.rooms)) {
    const { crumbs } = (page_type.samples[state] ?? {}) as { crumbs?: readonly { href: string }[] };
    if (crumbs === undefined) continue;
    pages_count += 1;
    const above = crumbs.at(-1)?.href.replaceAll('&', '&amp;');
    if (above !== undefined && !shown.get(href)?.includes(`href="${above}"`)) without.push(`${name}, ${state}`);
  }
  assert.deepEqual(without, []);
  assert.ok(pages_count > 40, String(pages_count));
});

const humanizeSums = (sums: ReadonlyMap<string, number>) =>
  [...sums].map(([unit, amount]) => humanizeMoney({ amount, unit }, 'en')).toSorted();

interface Row {
  money?: { amount: number; unit: string } | null;
  rows?: readonly Row[];
}

/** Returns the sums by unit of the rows of a sample, and how many rows they are. */
function sumRows(data: object): { count: number; sums: Map<string, number> } {
  const rows = Object.values(data)
    .filter((each): each is Row[] => Array.isArray(each))
    .flat()
    .flatMap((row) => row.rows ?? [row]);
  const moneys = rows.flatMap(({ money }) => money ?? []);
  const sums = Map.groupBy(moneys, ({ unit }) => unit);
  const sumOf = (own: typeof moneys) => own.reduce((sum, { amount }) => sum + amount, 0);
  return { count: moneys.length, sums: new Map([...sums].map(([unit, own]) => [unit, sumOf(own)])) };
}

test('the total below the list of a sample has the units of its rows, and their sums when all rows are shown', () => {
  let totals_count = 0;
  for (const { template, samples } of pageTypes()) {
    for (const [state, sample] of Object.entries(samples)) {
      const { list } = sample as { list?: { count: number; pages: { text: string } } };
      const total = / · (.*) (?:in total|net|balance)/.exec(list?.pages.text ?? '')?.[1];
      if (list === undefined || total === undefined) continue;
      totals_count += 1;
      const shown = total.split(/,? and /).toSorted();
      const { count, sums } = sumRows(sample);
      const symbols = (texts: readonly string[]) => texts.map((text) => text.replaceAll(/[−\d.,]/g, '')).toSorted();
      assert.deepEqual(symbols(shown), symbols(humanizeSums(sums)), `${template}, ${state}: units of ${total}`);
      if (count === list.count) assert.deepEqual(shown, humanizeSums(sums), `${template}, ${state}`);
      else assert.ok(count < list.count, `${template}, ${state}: ${count} rows of ${list.count}`);
    }
  }
  assert.ok(totals_count >= 10, String(totals_count));
});

interface OrderSample {
  invoicables?: readonly { lines: readonly { dest_amount: number; dest_unit: string }[] }[];
  more_count?: number;
  totals?: readonly { amount: number; unit: string }[];
  order_total?: { amount: number; unit: string };
}

test('the totals of an order in a sample are the sums of its lines by unit', () => {
  let orders_count = 0;
  for (const { template, samples } of pageTypes()) {
    for (const [state, sample] of Object.entries(samples)) {
      const { invoicables, more_count = 0, totals, order_total } = sample as OrderSample;
      if (invoicables === undefined || totals === undefined || more_count > 0) continue;
      orders_count += 1;
      const lines = invoicables.flatMap((each) => each.lines);
      const sums = new Map<string, number>();
      for (const line of lines) sums.set(line.dest_unit, (sums.get(line.dest_unit) ?? 0) + line.dest_amount);
      const shown = new Map(totals.map(({ amount, unit }) => [unit, amount]));
      for (const unit of new Set([...sums.keys(), ...shown.keys()]))
        assert.equal(shown.get(unit) ?? 0, sums.get(unit) ?? 0, `${template}, ${state}: ${unit}`);
      if (order_total !== undefined && totals.length === 1)
        assert.deepEqual(order_total, totals[0], `${template}, ${state}`);
    }
  }
  assert.ok(orders_count >= 20, String(orders_count));
});
