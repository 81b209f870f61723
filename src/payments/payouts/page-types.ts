import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { paths } from '#platform/http/paths';
import { ShownMoney } from '#platform/pages/details/fact';
import { defineListPage } from '#platform/pages/lists/list-declaration';
import { ListViewPart } from '#platform/pages/lists/list-view-schema';
import { sampleList } from '#platform/pages/lists/sample-list';
import { longText, unbrokenText } from '#platform/pages/pieces/hostile-text';

const NullableText = Type.Union([Type.String(), Type.Null()]);

const shared = {
  search: 'Description, charge or name',
  columns: {
    created_at: { label: 'Date', descending: true },
    description: { label: 'Description' },
    amount: { label: 'Amount', descending: true },
  },
  order: '-created_at',
  dates: 'Date',
} as const;

/** The entries on the funds of a provider; its sort fields are those of the ledger. */
export const transfersList = defineListPage({ noun: ['transaction', 'transactions'], ...shared });
/** The sales of a provider, paid or not. */
export const receivablesList = defineListPage({ noun: ['sale', 'sales'], ...shared });

const TransferPart = Type.Object({
  created_at: Type.String(),
  /** What moved the money: "Payment", "Refund", "Dispute". */
  kind: Type.String(),
  description: Type.String(),
  /** Name of the other side, or null. */
  who: NullableText,
  /** Negative when the money leaves the funds. */
  money: ShownMoney,
  /** Path of the charge, or null. */
  href: NullableText,
});

const usd = (amount: number) => ({ amount, unit: 'usd' });
const row = {
  created_at: '2026-03-05T14:30:00.000Z',
  kind: 'Payment',
  description: 'Basic, 3 months',
  who: 'Xia Lee',
  money: usd(5213),
  href: '/billing/xia/receipt/ch_XAb124EF/',
};
const address = paths.transfers('cowork');
const typical = {
  profile: { slug: 'cowork', printable_name: 'Coworking Space' },
  is_funds: true,
  totals: [usd(211_460)],
  transfers_url: address,
  receivables_url: paths.receivables('cowork'),
  import_url: paths.importPayments('cowork'),
  adjustments_url: paths.adjustments('cowork'),
  withdraw_url: paths.withdraw('cowork'),
  rows: [
    row,
    { ...row, kind: 'Refund', money: usd(-1900) },
    { ...row, kind: 'Dispute', money: usd(-19_499) },
    { ...row, kind: 'Payout', who: null, href: null, description: 'Paid out', money: usd(-294_011) },
  ],
  list: sampleList(transfersList, `${address}?start_at=2026-03-01`, {
    count: 4,
    csv_path: paths.transfersDownload('cowork'),
    total: '−$3,101.97 net',
  }),
};

export const transfersPage = definePage(
  'saas/billing/transfers.html',
  Type.Object({
    profile: Type.Object({ slug: Type.String(), printable_name: Type.String() }),
    /** True for the funds, false for the sales. */
    is_funds: Type.Boolean(),
    /** Funds available, or the sum of the listed sales, by unit. */
    totals: Type.Array(ShownMoney),
    transfers_url: Type.String(),
    receivables_url: Type.String(),
    /** Where payments made outside of the site are recorded; null for readers who cannot. */
    import_url: NullableText,
    /** Write-offs and payments made outside of the site. */
    adjustments_url: Type.String(),
    /** Null for readers who cannot withdraw. */
    withdraw_url: NullableText,
    rows: Type.Array(TransferPart),
    list: ListViewPart,
  }),
  {
    typical,
    sales: {
      ...typical,
      is_funds: false,
      totals: [usd(5400)],
      rows: [{ ...row, kind: 'Sale', money: usd(5400), href: null }],
      list: sampleList(receivablesList, paths.receivables('cowork'), {
        count: 1,
        csv_path: paths.receivablesDownload('cowork'),
        total: '$54.00 in total',
      }),
    },
    empty: { ...typical, totals: [usd(0)], rows: [], list: sampleList(transfersList, address, { count: 0 }) },
    nothing_found: { ...typical, rows: [], list: sampleList(transfersList, `${address}?q=harbour`, { count: 0 }) },
    long: {
      ...typical,
      totals: [usd(987_654_321_012), { amount: -590_000, unit: 'jpy' }],
      rows: [{ ...row, description: unbrokenText, who: longText, money: usd(-987_654_321_012) }],
      list: sampleList(transfersList, address, {
        count: 1,
        csv_path: paths.transfersDownload('cowork'),
        total: '−$9,876,543,210.12 net',
      }),
    },
  },
  { as: 'provider' },
);

/** Page types of this sub-room. */
export const payoutPageTypes = [transfersPage];
