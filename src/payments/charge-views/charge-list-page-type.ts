import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { paths } from '#platform/http/paths';
import { ShownMoney } from '#platform/pages/details/fact';
import { defineListPage } from '#platform/pages/lists/list-declaration';
import { ListViewPart } from '#platform/pages/lists/list-view-schema';
import { sampleList } from '#platform/pages/lists/sample-list';
import { longText, rightToLeftText, unbrokenText } from '#platform/pages/pieces/hostile-text';
import { charge_pills } from './charge-pill.ts';

const NullableText = Type.Union([Type.String(), Type.Null()]);

/** The list of charges, of the site or of one seller; its sort fields are those of the API. */
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
  /** Of the lines that the reader sees. */
  money: ShownMoney,
  /** State of `_status_pill.html`. */
  pill: Type.Enum([...charge_pills]),
  customer: Type.String(),
  description: Type.String(),
  /** Refunded amount of these lines, or null. */
  refunded: Type.Union([ShownMoney, Type.Null()]),
  /** Last digits of the card; null for another method, and in the list of a seller. */
  last4: NullableText,
  created_at: Type.String(),
});

const usd = (amount: number) => ({ amount, unit: 'usd' });
const row = {
  href: paths.receipt('xia', 'ch_XAb124EF'),
  money: usd(5400),
  pill: 'done',
  customer: 'Xia Lee',
  description: 'Basic, 3 months',
  refunded: null,
  last4: '1234',
  created_at: '2026-03-05T14:30:00.000Z',
} as const;
const rows = [
  row,
  { ...row, pill: 'created' as const, customer: 'Moss & Fern', last4: null },
  { ...row, pill: 'failed' as const, customer: 'Blue Heron Legal', money: usd(24_999) },
  { ...row, pill: 'partly_refunded' as const, refunded: usd(1900) },
  { ...row, pill: 'refunded' as const, refunded: row.money },
  { ...row, pill: 'disputed' as const },
  { ...row, pill: 'dispute_lost' as const, money: { amount: 590_000, unit: 'jpy' } },
];

const address = paths.charges();
const csv_path = paths.chargesDownload();
const of_site = { profile: null, has_cards: true };

const seller_address = paths.sellerCharges('cowork');
const of_seller = { profile: { slug: 'cowork', printable_name: 'Coworking Space' }, has_cards: false };
const seller_rows = rows.map((each) => ({
  ...each,
  href: paths.sellerCharge('cowork', 'ch_XAb124EF'),
  last4: null,
}));

export const chargesPage = definePage(
  'saas/billing/charges.html',
  Type.Object({
    /** The seller whose charges these are; null for the charges of the site. */
    profile: Type.Union([Type.Object({ slug: Type.String(), printable_name: Type.String() }), Type.Null()]),
    /** True if the list has the column of the cards. */
    has_cards: Type.Boolean(),
    charges: Type.Array(ChargeRowPart),
    list: ListViewPart,
  }),
  {
    typical: {
      ...of_site,
      charges: rows,
      list: sampleList(chargesList, `${address}?start_at=2026-03-01`, {
        count: rows.length,
        csv_path,
        total: '$519.99 and ¥5,900 in total',
        tab_counts: { '': 7, done: 3, created: 1, failed: 2, disputed: 1 },
      }),
    },
    paged: {
      ...of_site,
      charges: rows,
      list: sampleList(chargesList, `${address}?page=3`, {
        count: 57,
        csv_path,
        total: '$21,480.12 and ¥5,900 in total',
      }),
    },
    seller: {
      ...of_seller,
      charges: seller_rows,
      list: sampleList(chargesList, `${seller_address}?start_at=2026-03-01`, {
        count: rows.length,
        csv_path: paths.sellerChargesDownload('cowork'),
        total: '$519.99 and ¥5,900 in total',
        tab_counts: { '': 7, done: 3, created: 1, failed: 2, disputed: 1 },
      }),
    },
    empty: { ...of_site, charges: [], list: sampleList(chargesList, address, { count: 0 }) },
    seller_empty: {
      ...of_seller,
      charges: [],
      list: sampleList(chargesList, seller_address, {
        count: 0,
        empty: { title: 'Charges will be listed here', text: 'No payment for your plans was made yet.' },
      }),
    },
    nothing_found: {
      ...of_site,
      charges: [],
      list: sampleList(chargesList, `${address}?q=harbour&state=failed&amount_min=10`, { count: 0 }),
    },
    long: {
      ...of_site,
      charges: [
        { ...row, customer: longText, description: unbrokenText, money: usd(987_654_321_012) },
        { ...row, customer: rightToLeftText, description: rightToLeftText, money: usd(0) },
      ],
      list: sampleList(chargesList, address, { count: 2, csv_path, total: '$9,876,543,210.12 in total' }),
    },
    seller_long: {
      ...of_seller,
      profile: { ...of_seller.profile, printable_name: longText },
      charges: [{ ...row, customer: longText, description: unbrokenText, money: usd(987_654_321_012) }],
      list: sampleList(chargesList, seller_address, { count: 1, csv_path: paths.sellerChargesDownload('cowork') }),
    },
  },
  { as: { seller: 'provider', seller_empty: 'provider', seller_long: 'provider' } },
);
