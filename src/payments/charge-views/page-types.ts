import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { defineListPage } from '#platform/pages/lists/list-declaration';
import { ListViewPart } from '#platform/pages/lists/list-view-schema';
import { sampleList } from '#platform/pages/lists/sample-list';
import { longText, unbrokenText } from '#platform/pages/pieces/hostile-text';
import { paths } from '#platform/http/paths';
import { chargePage } from './charge-page-type.ts';
import { charge_pills } from './charge-pill.ts';
import { sellerChargesPage } from './seller-page-type.ts';

const NullableText = Type.Union([Type.String(), Type.Null()]);

/** The list of all charges; its sort fields are those of the API. */
export const chargesList = defineListPage({
  noun: ['charge', 'charges'],
  search: 'Customer, description or reference',
  columns: {
    amount: { label: 'Amount', descending: true },
    full_name: { label: 'Customer' },
    description: { label: 'For' },
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
  filters: { amount: { kind: 'amount', label: 'Amount' } },
});

const ChargeRowPart = Type.Object({
  href: Type.String(),
  /** In 1/100 of `unit`. */
  money: Type.Object({ amount: Type.Integer(), unit: Type.String() }),
  /** State of `_status_pill.html`. */
  pill: Type.Enum([...charge_pills]),
  customer: Type.String(),
  description: Type.String(),
  /** Amount that was refunded, or null. */
  refunded: Type.Union([Type.Object({ amount: Type.Integer(), unit: Type.String() }), Type.Null()]),
  last4: NullableText,
  created_at: Type.String(),
});

const row = {
  href: '/billing/xia/receipt/ch_XAb124EF/',
  money: { amount: 5400, unit: 'usd' },
  pill: 'done',
  customer: 'Xia Lee',
  description: 'Basic, 3 months',
  refunded: null,
  last4: '1234',
  created_at: '2026-03-05T14:30:00.000Z',
} as const;

const address = paths.charges();
const csv_path = paths.chargesDownload();

export const chargesPage = definePage(
  'saas/billing/charges.html',
  Type.Object({ charges: Type.Array(ChargeRowPart), list: ListViewPart }),
  {
    typical: {
      charges: [
        row,
        { ...row, pill: 'created', customer: 'Moss & Fern', last4: null },
        { ...row, pill: 'failed', customer: 'Blue Heron Legal', money: { amount: 24_999, unit: 'usd' } },
        { ...row, pill: 'partly_refunded', refunded: { amount: 1900, unit: 'usd' } },
        { ...row, pill: 'refunded', refunded: row.money },
        { ...row, pill: 'disputed' },
        { ...row, pill: 'dispute_lost', money: { amount: 590_000, unit: 'jpy' } },
      ],
      list: sampleList(chargesList, `${address}?start_at=2026-03-01&page=2`, {
        count: 74,
        csv_path,
        total: '$21,480.12 and €59.00 in total',
        tab_counts: { '': 74, done: 66, created: 1, failed: 3, disputed: 4 },
      }),
    },
    empty: { charges: [], list: sampleList(chargesList, address, { count: 0 }) },
    nothing_found: {
      charges: [],
      list: sampleList(chargesList, `${address}?q=harbour&state=failed&amount_min=10`, { count: 0 }),
    },
    long: {
      charges: [
        {
          ...row,
          customer: longText,
          description: unbrokenText,
          money: { amount: 987_654_321_012, unit: 'usd' },
        },
      ],
      list: sampleList(chargesList, address, { count: 1, csv_path, total: '$9,876,543,210.12 in total' }),
    },
  },
  { as: 'broker' },
);

/** Page types of this sub-room. */
export const chargePageTypes = [chargesPage, sellerChargesPage, chargePage];
