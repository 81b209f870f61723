import { Type } from 'typebox';
import { definePage } from '../../http/page-type.ts';
import { defineListPage } from '../lists/list-declaration.ts';
import { ListViewPart } from '../lists/list-view-schema.ts';
import { linkAction, postAction, RowActionPart } from '../lists/row-actions.ts';
import { sampleList } from '../lists/sample-list.ts';
import { longText, rightToLeftText, unbrokenText } from './hostile-text.ts';

const chargeList = defineListPage({
  noun: ['charge', 'charges'],
  search: 'Customer, reference or amount',
  columns: {
    amount: { label: 'Amount', descending: true },
    customer: { label: 'Customer' },
    created_at: { label: 'Date', descending: true },
  },
  order: '-created_at',
  dates: 'Date',
  tabs: {
    name: 'state',
    label: 'States',
    options: [
      { value: '', label: 'All' },
      { value: 'done', label: 'Paid' },
      { value: 'created', label: 'Processing' },
      { value: 'failed', label: 'Failed' },
      { value: 'disputed', label: 'Disputed' },
      { value: 'refunded', label: 'Refunded' },
    ],
  },
  filters: { plan: { kind: 'choice', label: 'Plan' }, amount: { kind: 'amount', label: 'Amount' } },
});

const actions = [
  linkAction('Open', '/billing/xia/receipt/ch_1/'),
  postAction('Refund', { action: 'refund', charge: 'ch_1' }, { is_danger: true }),
];
const row = {
  key: 'a',
  href: '/billing/xia/receipt/ch_1/',
  money: { amount: 5400, unit: 'usd' },
  state: 'done',
  customer: 'Xia Lee',
  what: 'Basic, 3 months',
  card: 'Visa 1234',
  created_at: '2026-11-24T15:40:00.000Z',
  actions,
};
const rows = [
  row,
  { ...row, key: 'b', customer: 'Blue Heron Legal', state: 'failed', what: 'Open Plus, renewal', actions: [] },
  { ...row, key: 'c', customer: 'Moss & Fern', state: 'created', money: { amount: 112_120, unit: 'eur' } },
];
const hostile = [
  { ...row, key: 'd', customer: longText, what: longText, card: unbrokenText },
  { ...row, key: 'e', customer: rightToLeftText, what: rightToLeftText, card: rightToLeftText },
  {
    ...row,
    key: 'f',
    customer: unbrokenText,
    what: unbrokenText,
    money: { amount: -9_007_199_254_740_991, unit: 'usd' },
  },
  { ...row, key: 'g', money: { amount: 9_007_199_254_740_991, unit: 'jpy' } },
];

const path = '/billing/charges/';
const tab_counts = { '': 412, done: 366, created: 12, failed: 22, disputed: 8, refunded: 4 };
const options = {
  plan: [
    { value: 'basic', label: 'Basic' },
    { value: 'premium', label: 'Premium' },
    { value: 'long', label: longText },
  ],
};
const csv_path = `${path}download/`;
const total = '$21,480.12 and €1,121.20 in total';
const all_rows = '$108.00 and €1,121.20 in total';
const hostile_rows = '−$90,071,992,547,301.91 and ¥90,071,992,547,409.91 in total';
const sample = (query: string, count: number, sum = total) =>
  sampleList(chargeList, `${path}${query}`, {
    count,
    tab_counts,
    options,
    csv_path,
    total: count === 0 ? null : sum,
  });

/** A list page: head, sortable table with cards on phones, actions of rows, pages, and what stands in place of rows. */
export const listsPiece = definePage(
  'dev/lists.html',
  Type.Object({
    list: ListViewPart,
    rows: Type.Array(
      Type.Object({
        key: Type.String(),
        href: Type.String(),
        money: Type.Object({ amount: Type.Integer(), unit: Type.String() }),
        state: Type.String(),
        customer: Type.String(),
        what: Type.String(),
        card: Type.String(),
        created_at: Type.String(),
        actions: Type.Array(RowActionPart),
      }),
    ),
  }),
  {
    typical: { list: sample('?page=3&start_at=2026-11-01&ends_at=2026-11-26', 412), rows },
    filtered: {
      list: sample(
        '?q=xia&state=done&plan=premium&amount_min=50&start_at=2026-09-01&ends_at=2026-11-25&o=-amount',
        3,
        all_rows,
      ),
      rows,
    },
    hostile: { list: sample(`?q=${encodeURIComponent(rightToLeftText)}&plan=long`, 4, hostile_rows), rows: hostile },
    unbroken: { list: sample(`?q=${unbrokenText}&state=${unbrokenText}&start_at=${unbrokenText}`, 3, all_rows), rows },
    many: { list: sample('?page=2000', 100_000), rows },
    beyond_the_end: { list: sample('?page=9999', 412), rows },
    nothing_found: { list: sample('?q=harbour&plan=premium&start_at=2026-01-01&ends_at=2026-11-26', 0), rows: [] },
    nothing_found_hostile: { list: sample(`?q=${unbrokenText}`, 0), rows: [] },
    empty: {
      list: sampleList(chargeList, path, {
        count: 0,
        empty: {
          title: 'Your charges will be listed here',
          text: 'No plan was bought yet. Share the pricing page.',
          href: '/pricing/',
          action: 'See the pricing page',
        },
      }),
      rows: [],
    },
    no_permission: {
      list: sampleList(chargeList, path, {
        count: 0,
        forbidden: {
          title: 'Only managers of Coworking Space see charges',
          text: 'You are a contributor. Donny Smith and Lena Bergström can change that.',
          href: '/users/xia/roles/',
          action: 'Ask for the role',
        },
      }),
      rows: [],
    },
  },
  { as: 'broker' },
);
