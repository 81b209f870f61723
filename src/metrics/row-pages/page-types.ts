import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { paths } from '#platform/http/paths';
import { NullableInstant, NullableString } from '#platform/http/schemas';
import { ShownMoney } from '#platform/pages/details/fact';
import { defineListPage } from '#platform/pages/lists/list-declaration';
import { ListViewPart } from '#platform/pages/lists/list-view-schema';
import { sampleList } from '#platform/pages/lists/sample-list';
import { longText } from '#platform/pages/pieces/hostile-text';

const dates = { dates: 'Dates', search: 'Text' } as const;

/** The ledger entries behind a point; its sort fields are those of the API. */
export const entriesList = defineListPage({
  ...dates,
  noun: ['entry', 'entries'],
  columns: { created_at: { label: 'Date', descending: true }, amount: { label: 'Counted', descending: true } },
  order: '-created_at',
});

/** The subscriptions behind a point. */
export const subscriptionsList = defineListPage({
  ...dates,
  noun: ['subscription', 'subscriptions'],
  columns: { created_at: { label: 'Since', descending: true }, ends_at: { label: 'Until' } },
  order: '-created_at',
});

/** The movements of recurring revenue behind a point. */
export const movementsList = defineListPage({
  ...dates,
  noun: ['movement', 'movements'],
  columns: { at: { label: 'Date', descending: true }, amount: { label: 'Counted', descending: true } },
  order: '-at',
});

/** The profiles behind a point of a federation. */
export const federatedProfilesList = defineListPage({
  dates: 'Dates',
  noun: ['profile', 'profiles'],
  columns: { begins_at: { label: 'Since', descending: true }, ends_at: { label: 'Until' } },
  order: '-begins_at',
});

/** Note of a row that has no name. */
export const hidden_note = 'Only the member sees its name and its dates';

const row = {
  at: '2026-03-05T14:30:00.000Z',
  what: 'Subscription to basic until 2026/04/05 (1 month)',
  note: null,
  ends_at: null,
  customer: { name: 'Xia Lee', href: '/profile/xia/contact/' },
  money: { amount: 5400, unit: 'usd' },
};
const url = `${paths.metricRows('cowork', 'entries')}?series=total-sales&unit=usd&ends_at=2026-04-01`;
const typical = {
  profile: { slug: 'cowork', printable_name: 'Coworking Space' },
  title: 'Ledger entries',
  definition: 'The entries of the ledger that add up to a point of a report.',
  crumbs: [{ label: 'Revenue', href: paths.revenue('cowork') }],
  rows: [row, { ...row, customer: null, money: { amount: -1200, unit: 'usd' } }],
  order: { at: 'created_at', money: 'amount' },
  money_label: 'Counted',
  list: sampleList(entriesList, url, { count: 74, csv_path: '/metrics/cowork/entries/download/' }),
};

export const rowsPage = definePage(
  'saas/metrics/rows.html',
  Type.Object({
    profile: Type.Object({ slug: Type.String(), printable_name: Type.String() }),
    title: Type.String(),
    definition: Type.String(),
    /** The report of the point. */
    crumbs: Type.Array(Type.Object({ label: Type.String(), href: Type.String() })),
    rows: Type.Array(
      Type.Object({
        /** Null for a subscriber of another seller, like its customer. */
        at: NullableInstant,
        what: Type.String(),
        note: NullableString,
        /** End of a subscription. */
        ends_at: NullableString,
        customer: Type.Union([Type.Object({ name: Type.String(), href: Type.String() }), Type.Null()]),
        money: Type.Union([ShownMoney, Type.Null()]),
      }),
    ),
    /** Sort fields of the columns of the dates and of the amounts; the latter is null when it has none. */
    order: Type.Object({ at: Type.String(), money: NullableString }),
    /** Label of the column of amounts; null for rows that count without one. */
    money_label: NullableString,
    list: ListViewPart,
  }),
  {
    typical,
    empty: { ...typical, rows: [], list: sampleList(entriesList, paths.metricRows('cowork', 'entries'), { count: 0 }) },
    nothing_found: { ...typical, rows: [], list: sampleList(entriesList, `${url}&q=harbour`, { count: 0 }) },
    without_names: {
      ...typical,
      title: 'Profiles of a federation',
      definition: 'The profiles that a figure of the federation counts.',
      crumbs: [{ label: 'Federation', href: paths.federation('cowork') }],
      rows: [
        { ...row, what: 'Your subscriber', ends_at: row.at, money: null },
        { ...row, at: null, what: 'Subscriber of a member', note: hidden_note, customer: null, money: null },
      ],
      order: { at: 'begins_at', money: null },
      money_label: null,
      list: sampleList(
        federatedProfilesList,
        `${paths.metricRows('cowork', 'federated-profiles')}?state=invited&ends_at=2026-04-01`,
        { count: 2 },
      ),
    },
    long: {
      ...typical,
      title: longText,
      rows: [{ ...row, what: longText, note: longText, ends_at: row.at, customer: { name: longText, href: '/' } }],
      list: sampleList(entriesList, url, { count: 1 }),
    },
  },
  { as: 'provider' },
);
