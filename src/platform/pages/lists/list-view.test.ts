import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type AskedList, parseList } from './ask-list.ts';
import { backToList } from './list-address.ts';
import { defineListPage } from './list-declaration.ts';
import { type ListFacts, viewList } from './list-view.ts';

const charges = defineListPage({
  noun: ['charge', 'charges'],
  search: 'Customer, reference or amount',
  columns: {
    created_at: { label: 'Date', descending: true },
    amount: { label: 'Amount', descending: true },
    name: { label: 'Name' },
  },
  order: '-created_at',
  dates: 'Date',
  tabs: {
    name: 'state',
    label: 'States',
    options: [
      { value: '', label: 'All' },
      { value: 'done', label: 'Paid' },
      { value: 'failed', label: 'Failed' },
    ],
  },
  filters: {
    plan: { kind: 'choice', label: 'Plan' },
    renewal: {
      kind: 'choice',
      label: 'Renewal',
      options: [
        { value: 'yes', label: 'Renews' },
        { value: 'no', label: 'Ends' },
      ],
    },
    customer: { kind: 'text', label: 'Customer' },
    amount: { kind: 'amount', label: 'Amount' },
  },
});

const reader = { lang: 'en', timezone: 'America/Los_Angeles', now: new Date('2026-11-26T07:30:00Z') };
const empty = { title: 'Your charges will be listed here' };
const ask = (address: string) => parseList(charges, new URL(address, 'https://www.example.com'), reader);
const view = (address: string, facts: Partial<ListFacts> = {}) =>
  viewList(ask(address), { count: 412, empty, csv_path: '/billing/charges/download/', ...facts });

/** What an address asks for, without what a link of the page may change. */
const factsOf = ({ list, tab, filters, params }: AskedList) => ({
  ...list,
  tab,
  filters,
  others: ['next', 'other', 'timezone'].map((name) => params.getAll(name)),
});

const day = fc
  .date({ min: new Date('2000-01-01'), max: new Date('2040-01-01'), noInvalidDate: true })
  .map((at) => at.toISOString().slice(0, 10));
const text = fc.string({ unit: 'grapheme', maxLength: 30 });
const address = fc
  .record(
    {
      q: fc.oneof(text, fc.string({ minLength: 490, maxLength: 520 })),
      q_f: fc.constantFrom('name', '^name', 'constructor'),
      o: fc.constantFrom('name', '-amount', 'created_at', '-created_at', '__proto__', ''),
      page: fc.oneof(fc.integer({ min: -1, max: 30 }).map(String), text),
      page_size: fc.constantFrom('10', '100', '0', 'x'),
      start_at: fc.oneof(day, text, fc.constant('2026-03-08T01:30:00-08:00')),
      ends_at: fc.oneof(day, text, fc.constant('2026-11-01T09:30:00Z')),
      timezone: fc.constantFrom('Europe/Paris', 'Mars/Olympus', ''),
      state: fc.constantFrom('', 'done', 'failed', 'unknown'),
      plan: text,
      renewal: fc.constantFrom('yes', 'no', 'maybe'),
      customer: text,
      amount_min: fc.oneof(text, fc.constantFrom('-1,121.20', '59', '0.5', '99999999999999999999')),
      amount_max: fc.oneof(text, fc.constantFrom('12.00', '1.234')),
      next: fc.constantFrom('/app/', '//evil.example'),
      other: text,
    },
    { requiredKeys: [] },
  )
  .map((values) => `/billing/charges/?${new URLSearchParams(Object.entries(values)).toString()}`);

test('every link of a list asks for the same list, except for what the link changes', () => {
  fc.assert(
    fc.property(address, fc.integer({ min: 0, max: 1000 }), (at, count) => {
      const asked = ask(at);
      const shown = viewList(asked, { count, empty, csv_path: '/billing/charges/download/' });
      const asks = factsOf(asked);
      const same = (href: string | null, changes: object) => {
        if (href !== null) assert.deepEqual(factsOf(ask(href)), { ...asks, page: 1, ...changes });
      };
      const last = Math.max(1, Math.ceil(count / asked.list.page_size));
      const page = Math.min(asked.list.page, last);
      same(shown.list_url, { page });
      same(shown.pages.previous, { page: page - 1 });
      same(shown.pages.next, { page: page + 1 });
      for (const { href, number } of shown.pages.numbers) same(href, { page: number });
      for (const [index, { href }] of (shown.tabs?.entries ?? []).entries())
        same(href, { tab: charges.tabs.options[index]?.value });
      for (const [field, { href, sort }] of Object.entries(shown.columns)) {
        const descending = sort === null ? field !== 'name' : sort === 'ascending';
        same(href, { order: [{ field, descending }] });
      }
      for (const chip of shown.chips) {
        if (chip.kind === 'dates') same(chip.remove_url, { start_at: null, ends_at: null });
        else same(chip.remove_url, { filters: { ...asked.filters, [chip.name]: null } });
      }
      same(shown.clear_url, {
        terms: [],
        fields: [],
        start_at: null,
        ends_at: null,
        tab: '',
        filters: { plan: null, renewal: null, customer: null, amount: null },
      });
      const download = new URL(shown.csv_url ?? '', 'https://www.example.com');
      assert.equal(download.pathname, '/billing/charges/download/');
      same(`/billing/charges/${download.search}`, { page_size: 25 });
    }),
    { numRuns: 300 },
  );
});

test('every form of a list keeps all parameters but its own and the page', () => {
  fc.assert(
    fc.property(address, (at) => {
      const asked = ask(at);
      const { chips, search } = viewList(asked, { count: 3, empty, csv_path: '/billing/charges/download/' });
      const sent = (keep: readonly { name: string; value: string }[]) =>
        ask(
          `/billing/charges/?${new URLSearchParams(keep.map(({ name, value }): [string, string] => [name, value])).toString()}`,
        );
      assert.deepEqual(factsOf(sent(search?.keep ?? [])), { ...factsOf(asked), page: 1, terms: [] });
      for (const { name, kind, keep } of chips) {
        const changes =
          kind === 'dates' ? { start_at: null, ends_at: null } : { filters: { ...asked.filters, [name]: null } };
        assert.deepEqual(factsOf(sent(keep)), { ...factsOf(asked), page: 1, ...changes });
      }
    }),
    { numRuns: 200 },
  );
});

test('the links of a list stay short when its address has many other parameters', () => {
  const many = Array.from({ length: 2000 }, (_, index) => `p${index}=1`).join('&');
  assert.ok(view(`/billing/charges/?${many}`).list_url.length < 300);
  assert.ok(view(`/billing/charges/?long=${'x'.repeat(7000)}`).list_url.length < 100);
});

test('a last day is included and ends at the start of the next day of the zone, also when the clock changes', () => {
  const { list, days } = ask('/billing/charges/?start_at=2026-03-08&ends_at=2026-03-08');
  assert.equal(list.start_at?.toISOString(), '2026-03-08T08:00:00.000Z');
  assert.equal(list.ends_at?.toISOString(), '2026-03-09T07:00:00.000Z');
  assert.deepEqual(days, { start: '2026-03-08', end: '2026-03-08' });
  const fall = ask('/billing/charges/?start_at=2026-11-01&ends_at=2026-11-01');
  assert.equal(Number(fall.list.ends_at) - Number(fall.list.start_at), 25 * 3_600_000);
  const instant = ask('/billing/charges/?ends_at=2026-11-01T09:30:00Z');
  assert.equal(instant.list.ends_at?.toISOString(), '2026-11-01T09:30:00.000Z');
});

test('presets are days of the zone and the chosen one is named in place of its days', () => {
  const chip = view('/billing/charges/').chips[0];
  assert.deepEqual(
    chip?.presets.map(({ label, href }) => [label, new URLSearchParams(href.split('?')[1]).toString()]),
    [
      ['Today', 'start_at=2026-11-25&ends_at=2026-11-25'],
      ['Last 7 days', 'start_at=2026-11-19&ends_at=2026-11-25'],
      ['Last 30 days', 'start_at=2026-10-27&ends_at=2026-11-25'],
      ['This month', 'start_at=2026-11-01&ends_at=2026-11-25'],
      ['Last month', 'start_at=2026-10-01&ends_at=2026-10-31'],
      ['This year', 'start_at=2026-01-01&ends_at=2026-11-25'],
    ],
  );
  assert.equal(chip?.text, null);
  assert.equal(view(chip?.presets[3]?.href ?? '').chips[0]?.text, 'This month');
  const own = view('/billing/charges/?start_at=2026-09-01&ends_at=2026-11-24').chips[0];
  assert.equal(own?.text, 'Sep 1 to Nov 24, 2026');
  assert.equal(view('/billing/charges/?start_at=2026-09-01').chips[0]?.text, 'from Sep 1, 2026');
  assert.equal(view('/billing/charges/').zone, 'Pacific Time');
});

test('invalid parameters are left out, and those that a reader types are named', () => {
  const asked = ask(
    '/billing/charges/?start_at=yesterday&state=odd&amount_min=abc&page=-4&o=secret&renewal=maybe&q=%20',
  );
  assert.deepEqual(
    { ...asked.list, order: [] },
    {
      page: 1,
      page_size: 25,
      terms: [],
      fields: [],
      order: [],
      start_at: null,
      ends_at: null,
      beyond_end: 'last',
    },
  );
  assert.deepEqual(asked.notes, [
    'The first day “yesterday” is not a date and was left out.',
    '“odd” is no value of “States” and was left out.',
    '“maybe” is no value of “Renewal” and was left out.',
    '“abc” is no amount for “Amount” and was left out. Write it like 59.00.',
  ]);
  assert.equal(asked.params.toString(), '');
  assert.match(view('/billing/charges/?start_at=2026-02-01&ends_at=2026-01-01').notes[0] ?? '', /after the last day/);
});

test('amounts are read in 1/100 with grouping, both bounds inclusive', () => {
  assert.deepEqual(ask('/billing/charges/?amount_min=1,121.20&amount_max=-5').filters.amount, {
    min: 112_120,
    max: -500,
  });
  assert.equal(view('/billing/charges/?amount_min=1,121.20').chips[4]?.text, 'from 1121.20');
});

test('a header cell links to the other direction, and the first click on an amount sorts the largest first', () => {
  const { columns } = view('/billing/charges/?q=xia&page=3');
  assert.deepEqual(columns['created_at'], {
    label: 'Date',
    href: '/billing/charges/?q=xia&o=created_at',
    sort: 'descending',
  });
  assert.deepEqual(columns['amount'], { label: 'Amount', href: '/billing/charges/?q=xia&o=-amount', sort: null });
  assert.equal(view('/billing/charges/?o=amount').columns['amount']?.sort, 'ascending');
  assert.equal(view('/billing/charges/?o=created_at&ot=desc').columns['created_at']?.sort, 'descending');
});

test('pages name the first, the last and four around the current one, with counts', () => {
  const numbers = (page: number, count = 412) =>
    view(`/billing/charges/?page=${page}`, { count })
      .pages.numbers.map(({ number }) => number ?? '…')
      .join(' ');
  assert.equal(numbers(1), '1 2 3 4 5 … 17');
  assert.equal(numbers(9), '1 … 7 8 9 10 11 … 17');
  assert.equal(numbers(5), '1 2 3 4 5 6 7 … 17');
  assert.equal(numbers(17), '1 … 13 14 15 16 17');
  assert.equal(numbers(1, 25), '');
  assert.equal(view('/billing/charges/').pages.text, '1 to 25 of 412 charges');
  assert.equal(view('/billing/charges/', { count: 1 }).pages.text, '1 charge');
  assert.equal(
    view('/billing/charges/?page=4001', { count: 100_002, total: '$21,480.12 in total' }).pages.text,
    '100,001 to 100,002 of 100,002 charges · $21,480.12 in total',
  );
  assert.equal(view('/billing/charges/?page=99').list_url, '/billing/charges/?page=17');
});

test('an empty list says what will appear, a search that found nothing repeats the query, a refusal says why', () => {
  assert.equal(view('/billing/charges/', { count: 0 }).notice?.kind, 'empty');
  const nothing = view('/billing/charges/?q=harbour&plan=gold&state=done&page=3&o=name', {
    count: 0,
    options: { plan: [{ value: 'gold', label: 'Gold' }] },
  });
  assert.deepEqual(nothing.notice, {
    kind: 'nothing_found',
    title: 'No charge matches “harbour”',
    text: 'Filters: States: Paid, Plan: Gold.',
    href: '/billing/charges/?o=name',
    action: 'Clear the filters',
  });
  const refused = view('/billing/charges/', { forbidden: { title: 'Only managers of Cowork see charges' } });
  assert.equal(refused.notice?.kind, 'forbidden');
});

test('the page of a row leads back to the list with its filters, and to no other address', () => {
  const back = (next: string) => backToList({ query: { next } }, '/billing/charges/');
  assert.equal(back('/billing/charges/?q=xia&page=2'), '/billing/charges/?q=xia&page=2');
  for (const other of ['/billing/other/', '//evil.example/billing/charges/', 'https://evil.example/', ''])
    assert.equal(back(other), '/billing/charges/');
});
