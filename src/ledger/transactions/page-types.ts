import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { paths } from '#platform/http/paths';
import { IsoInstant, NullableString } from '#platform/http/schemas';
import { ShownMoney } from '#platform/pages/details/fact';
import { defineListPage } from '#platform/pages/lists/list-declaration';
import { ListViewPart } from '#platform/pages/lists/list-view-schema';
import { sampleList } from '#platform/pages/lists/sample-list';
import { longText, unbrokenText } from '#platform/pages/pieces/hostile-text';
import { accounts } from '../entry.ts';

/** The list of the whole ledger; its sort fields are those of the API. */
export const transactionsList = defineListPage({
  noun: ['row', 'rows'],
  search: 'Description or profile',
  columns: {
    created_at: { label: 'When', descending: true },
    orig_profile__full_name: { label: 'From' },
    dest_profile__full_name: { label: 'To' },
    description: { label: 'What' },
    amount: { label: 'Amount', descending: true },
  },
  order: '-created_at',
  dates: 'When',
  // Options come from the page: an address may select a part of the name of an account.
  filters: { selector: { kind: 'choice', label: 'Account' } },
});

/** Accounts by which the list is filtered. */
export const account_options = Object.values(accounts)
  .toSorted()
  .map((name) => ({ value: name, label: name }));

const SidePart = Type.Object({
  name: Type.String(),
  /** File of the profile. */
  href: Type.String(),
  account: Type.String(),
  /** The same list of this account only. */
  account_href: Type.String(),
});

const EntryPart = Type.Object({
  at: IsoInstant,
  from: SidePart,
  to: SidePart,
  text: Type.String(),
  /** Receipt of the charge, else the file of the profile that received the amount. */
  href: Type.String(),
  money: ShownMoney,
  /** Amount that was sent, if it has another unit. */
  sent: Type.Union([ShownMoney, Type.Null()]),
});

const EventPart = Type.Object({
  /** What happened; null when the order of the list separates the rows of an event. */
  title: NullableString,
  href: NullableString,
  rows: Type.Array(EntryPart),
});

const path = paths.transactions();
const side = (name: string, slug: string, account: string) => ({
  name,
  href: paths.accounts(slug),
  account,
  account_href: `${path}?selector=${account}`,
});
const row = {
  at: '2026-11-24T16:12:07.000Z',
  from: side('Coworking Space', 'cowork', 'Receivable'),
  to: side('Xia Lee', 'xia', 'Payable'),
  text: 'Basic until Feb 24, 2027, 3 months',
  href: paths.accounts('xia'),
  money: { amount: 5400, unit: 'usd' },
  sent: null,
};
const charge_href = paths.receipt('xia', 'ch_XAb124EF');
const typical = {
  events: [
    {
      title: 'Charge ch_XAb124EF',
      href: charge_href,
      rows: [
        { ...row, from: side('Xia Lee', 'xia', 'Liability'), to: side('Stripe', 'stripe', 'Funds'), href: charge_href },
        {
          ...row,
          text: 'Converted payment',
          href: charge_href,
          money: { amount: 590_000, unit: 'jpy' },
          sent: { amount: 5400, unit: 'usd' },
        },
      ],
    },
    { title: 'Order', href: null, rows: [row] },
  ],
  list: sampleList(transactionsList, `${path}?selector=Funds&page=2`, {
    count: 861,
    total: '$21,480.12 and ¥5,900 balance',
    csv_path: paths.transactionsDownload(),
    options: { selector: account_options },
  }),
};

export const transactionsPage = definePage(
  'saas/billing/transactions.html',
  Type.Object({ events: Type.Array(EventPart), list: ListViewPart }),
  {
    typical,
    sorted: {
      events: [{ title: null, href: null, rows: [row, row] }],
      list: sampleList(transactionsList, `${path}?o=-amount`, { count: 2, options: { selector: account_options } }),
    },
    empty: { events: [], list: sampleList(transactionsList, path, { count: 0 }) },
    nothing_found: {
      events: [],
      list: sampleList(transactionsList, `${path}?q=harbour&selector=Writeoff`, { count: 0 }),
    },
    long: {
      events: [
        {
          title: `Charge ch_${unbrokenText}`,
          href: charge_href,
          rows: [
            {
              ...row,
              from: side(longText, 'xia', 'Receivable'),
              to: side(unbrokenText, 'xia', 'Chargeback'),
              text: unbrokenText,
              money: { amount: 987_654_321_012, unit: 'usd' },
            },
          ],
        },
      ],
      list: sampleList(transactionsList, path, { count: 1, options: { selector: account_options } }),
    },
  },
  { as: 'broker' },
);

export const transactionPageTypes = [transactionsPage] as const;
