import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { paths } from '#platform/http/paths';
import { ShownMoney } from '#platform/pages/details/fact';
import { defineListPage } from '#platform/pages/lists/list-declaration';
import { ListViewPart } from '#platform/pages/lists/list-view-schema';
import { sampleList } from '#platform/pages/lists/sample-list';
import { longText, rightToLeftText, unbrokenText } from '#platform/pages/pieces/hostile-text';
import { charge_pills } from './charge-pill.ts';

/** The list of the charges of one seller. */
export const sellerChargesList = defineListPage({
  noun: ['charge', 'charges'],
  search: 'Customer, line or reference',
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

const SellerChargePart = Type.Object({
  href: Type.String(),
  /** Of the lines of the seller. */
  money: ShownMoney,
  /** State of `_status_pill.html`. */
  pill: Type.Enum([...charge_pills]),
  customer: Type.String(),
  description: Type.String(),
  /** Amount of these lines that was refunded, or null. */
  refunded: Type.Union([ShownMoney, Type.Null()]),
  created_at: Type.String(),
});

const usd = (amount: number) => ({ amount, unit: 'usd' });
const row = {
  href: paths.sellerCharge('cowork', 'ch_XAb124EF'),
  money: usd(5400),
  pill: 'done',
  customer: 'Xia Lee',
  description: 'Basic, 3 months',
  refunded: null,
  created_at: '2026-03-05T14:30:00.000Z',
} as const;

const address = paths.sellerCharges('cowork');
const csv_path = paths.sellerChargesDownload('cowork');
const profile = { slug: 'cowork', printable_name: 'Coworking Space' };

export const sellerChargesPage = definePage(
  'saas/billing/seller_charges.html',
  Type.Object({
    profile: Type.Object({ slug: Type.String(), printable_name: Type.String() }),
    charges: Type.Array(SellerChargePart),
    list: ListViewPart,
  }),
  {
    typical: {
      profile,
      charges: [
        row,
        { ...row, pill: 'created', customer: 'Moss & Fern' },
        { ...row, pill: 'failed', customer: 'Blue Heron Legal', money: usd(24_999) },
        { ...row, pill: 'partly_refunded', refunded: usd(1900) },
        { ...row, pill: 'refunded', refunded: row.money },
        { ...row, pill: 'disputed' },
        { ...row, pill: 'dispute_lost', money: { amount: 590_000, unit: 'jpy' } },
      ],
      list: sampleList(sellerChargesList, `${address}?start_at=2026-03-01&page=2`, {
        count: 74,
        csv_path,
        total: '$21,480.12 and €59.00 in total',
        tab_counts: { '': 74, done: 66, created: 1, failed: 3, disputed: 4 },
      }),
    },
    empty: {
      profile,
      charges: [],
      list: sampleList(sellerChargesList, address, {
        count: 0,
        empty: { title: 'Charges will be listed here', text: 'No payment for your plans was made yet.' },
      }),
    },
    nothing_found: {
      profile,
      charges: [],
      list: sampleList(sellerChargesList, `${address}?q=harbour&state=failed&amount_min=10`, { count: 0 }),
    },
    long: {
      profile: { ...profile, printable_name: longText },
      charges: [
        { ...row, customer: longText, description: unbrokenText, money: usd(987_654_321_012) },
        { ...row, customer: rightToLeftText, description: rightToLeftText, money: usd(0) },
      ],
      list: sampleList(sellerChargesList, address, { count: 2, csv_path }),
    },
  },
  { as: 'provider' },
);
