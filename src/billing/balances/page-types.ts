import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { paths } from '#platform/http/paths';
import { IsoInstant, NullableInstant } from '#platform/http/schemas';
import { defineListPage } from '#platform/pages/lists/list-declaration';
import { ListViewPart } from '#platform/pages/lists/list-view-schema';
import { sampleList } from '#platform/pages/lists/sample-list';
import { longText, unbrokenText } from '#platform/pages/pieces/hostile-text';
import { MoneyPart, refusedFormParts } from '../page-parts.ts';

/** The list of the write-offs and offline payments of a provider; its sort fields are those of the API. */
export const adjustmentsList = defineListPage({
  noun: ['entry', 'entries'],
  search: 'Customer or description',
  columns: {
    amount: { label: 'Amount', descending: true },
    created_at: { label: 'Date', descending: true },
  },
  order: '-created_at',
  dates: 'Date',
});

const adjustment = {
  kind: 'Write-off',
  customer: 'Xia Lee',
  description: 'Write off for xia:basic',
  money: { amount: 2000, unit: 'usd' },
  created_at: '2026-03-05T14:30:00.000Z',
  reversed_at: null,
  reverse_url: `${paths.adjustments('cowork')}0af3/reverse/`,
};
const address = paths.adjustments('cowork');
const typical = {
  profile: { slug: 'cowork', printable_name: 'Coworking Space' },
  transfers_url: paths.transfers('cowork'),
  import_url: paths.importPayments('cowork'),
  adjustments: [
    adjustment,
    { ...adjustment, kind: 'Paid elsewhere', description: 'Off-line payment (donny)' },
    {
      ...adjustment,
      kind: 'Imported sale',
      reversed_at: '2026-03-06T09:00:00.000Z',
      reverse_url: null,
      description: 'Paid by check (donny)',
    },
  ],
  list: sampleList(adjustmentsList, address, { count: 3, csv_path: paths.adjustmentsDownload('cowork') }),
};

export const adjustmentsPage = definePage(
  'saas/billing/adjustments.html',
  Type.Object({
    profile: Type.Object({ slug: Type.String(), printable_name: Type.String() }),
    transfers_url: Type.String(),
    /** Null for readers who cannot record a payment. */
    import_url: Type.Union([Type.String(), Type.Null()]),
    adjustments: Type.Array(
      Type.Object({
        kind: Type.String(),
        customer: Type.String(),
        description: Type.String(),
        money: MoneyPart,
        created_at: IsoInstant,
        reversed_at: NullableInstant,
        /** Null if it is reversed, or the reader cannot reverse it. */
        reverse_url: Type.Union([Type.String(), Type.Null()]),
      }),
    ),
    list: ListViewPart,
  }),
  {
    typical,
    empty: { ...typical, adjustments: [], list: sampleList(adjustmentsList, address, { count: 0 }) },
    nothing_found: {
      ...typical,
      adjustments: [],
      list: sampleList(adjustmentsList, `${address}?q=harbour`, { count: 0 }),
    },
    long: {
      ...typical,
      adjustments: [
        {
          ...adjustment,
          customer: longText,
          description: unbrokenText,
          money: { amount: 987_654_321_012, unit: 'usd' },
        },
      ],
    },
  },
  { as: 'provider' },
);

const fields = { subscription: '', created_at: '', amount: '', descr: '' };
const preview = {
  key: '0a'.repeat(20),
  payments_count: 3,
  totals: [{ amount: 6000, unit: 'usd' }],
  faults: [],
  rejected_count: 0,
};
const import_sample = {
  profile: { slug: 'cowork', printable_name: 'Coworking Space' },
  crumbs: [{ label: 'Funds and payouts', href: paths.transfers('cowork') }],
  adjustments_url: address,
  rows_max: 2000,
  preview: null,
  form: fields,
};

/** The page that records payments made outside of the site: one, or those of a file. */
export const importPage = definePage(
  'saas/billing/import.html',
  Type.Object({
    profile: Type.Object({ slug: Type.String(), printable_name: Type.String() }),
    crumbs: Type.Array(Type.Object({ label: Type.String(), href: Type.String() })),
    adjustments_url: Type.String(),
    rows_max: Type.Integer(),
    /** What a file would record; null before a file is checked. */
    preview: Type.Union([
      Type.Object({
        key: Type.Union([Type.String(), Type.Null()]),
        payments_count: Type.Integer(),
        totals: Type.Array(MoneyPart),
        faults: Type.Array(Type.Object({ row: Type.Integer(), field: Type.String(), message: Type.String() })),
        rejected_count: Type.Integer(),
      }),
      Type.Null(),
    ]),
    form: Type.Record(Type.String(), Type.String()),
    ...refusedFormParts,
  }),
  {
    typical: import_sample,
    checked: { ...import_sample, preview },
    faults: {
      ...import_sample,
      preview: {
        ...preview,
        key: null,
        payments_count: 1,
        rejected_count: 2,
        faults: [
          { row: 2, field: 'amount', message: 'Enter a number with at most two decimals, such as 10.00.' },
          { row: 3, field: 'subscription', message: `There is no subscriber ${unbrokenText.slice(0, 100)}.` },
        ],
      },
    },
    error: {
      ...import_sample,
      form: { ...fields, subscription: 'xia', amount: '10.005' },
      errors: { amount: ['Enter a number with at most two decimals, such as 10.00.'] },
      detail: '',
    },
  },
  { as: 'provider' },
);
