import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { defineListPage } from '#platform/pages/lists/list-declaration';
import { ListViewPart } from '#platform/pages/lists/list-view-schema';
import { sampleList } from '#platform/pages/lists/sample-list';
import { longText, rightToLeftText, unbrokenText } from '#platform/pages/pieces/hostile-text';
import { MoneyPart, PayerPart, payerSample, refusedFormParts, SavedCardPart, savedCardSample } from '../page-parts.ts';
import { HeldPlanPart, heldSample, heldStates, monthly, NextRenewalPart, owedSample } from './held-plan-parts.ts';
import { documentPage } from './document-page-types.ts';
import { PartyPart } from './party.ts';
import { PagesPart, receiptParts } from './receipt-parts.ts';

const NullableText = Type.Union([Type.String(), Type.Null()]);
const created_at = '2026-03-05T14:30:00.000Z';

const TransactionPart = Type.Object({
  created_at: Type.String(),
  description: Type.String(),
  /** Formatted, in parentheses when the profile pays it. */
  amount: Type.String(),
  is_debit: Type.Boolean(),
  /** The same amount, negative when the profile pays it. */
  money: MoneyPart,
  /** Path of the receipt. */
  location: NullableText,
});

/** The list of the transactions of a profile; its sort fields are those of the ledger. */
export const historyList = defineListPage({
  noun: ['transaction', 'transactions'],
  search: 'Description or name',
  columns: {
    created_at: { label: 'Date', descending: true },
    description: { label: 'Description' },
    amount: { label: 'Amount', descending: true },
  },
  order: '-created_at',
  dates: 'Date',
});

const address = '/billing/ada/history/';

const no_history = {
  profile: payerSample,
  balance_amount: 0,
  balance_unit: 'usd',
  card: null,
  held: [],
  credit: [],
  credits_url: '/billing/ada/credits/',
  next_renewal: null,
  may_order: true,
  write_off_url: null,
  paid_elsewhere_url: null,
  address: { name: 'Ada Lovelace', address: [], email: null },
  transactions: { count: 0, next: null, previous: null, results: [] },
  list: sampleList(historyList, address, { count: 0 }),
};

export const historyPage = definePage(
  'saas/billing/index.html',
  Type.Object({
    profile: PayerPart,
    /** In 1/100 of `balance_unit`; positive is due, negative is credit. */
    balance_amount: Type.Integer(),
    balance_unit: Type.String(),
    card: SavedCardPart,
    /** Plans that the profile holds, by their end. */
    held: Type.Array(HeldPlanPart),
    /** What is left of credit, by provider and unit, and the page of it. */
    credit: Type.Array(MoneyPart),
    credits_url: Type.String(),
    next_renewal: NextRenewalPart,
    /** False for a caller who only reads: then nothing is paid or ordered. */
    may_order: Type.Boolean(),
    /** Where a seller or the broker writes off what is due, or records that it was paid elsewhere; null for others. */
    write_off_url: NullableText,
    paid_elsewhere_url: NullableText,
    /** Buyer as invoices name it; null for a seller who looks. */
    address: Type.Union([PartyPart, Type.Null()]),
    transactions: Type.Object({
      count: Type.Integer(),
      next: NullableText,
      previous: NullableText,
      results: Type.Array(TransactionPart),
    }),
    list: ListViewPart,
  }),
  {
    typical: {
      profile: payerSample,
      balance_amount: 2900,
      balance_unit: 'usd',
      card: savedCardSample,
      held: [heldSample, owedSample],
      credit: [{ amount: 1200, unit: 'usd' }],
      credits_url: '/billing/ada/credits/',
      next_renewal: { title: heldSample.title, at: heldSample.ends_at, is_automatic: true, ...monthly },
      may_order: true,
      write_off_url: null,
      paid_elsewhere_url: null,
      address: { name: 'Ada Lovelace', address: ['44 Folsom Street', 'Oakland'], email: null },
      transactions: {
        count: 2,
        next: null,
        previous: null,
        results: [
          {
            created_at,
            description: 'Payment by card ending in 4242',
            amount: '$29.00',
            is_debit: false,
            money: { amount: 2900, unit: 'usd' },
            location: '/billing/ada/receipt/0123456789abcdef01234567/',
          },
          {
            created_at,
            description: 'Basic, 1 month until Apr 5, 2026',
            amount: '($29.00)',
            is_debit: true,
            money: { amount: -2900, unit: 'usd' },
            location: null,
          },
        ],
      },
      list: sampleList(historyList, address, { count: 2, csv_path: `${address}download/` }),
    },
    states: { ...no_history, held: heldStates },
    empty: no_history,
    long: {
      profile: { slug: 'ada', printable_name: longText },
      balance_amount: -987_654_321_012,
      balance_unit: 'usd',
      card: savedCardSample,
      held: [
        { ...heldSample, title: unbrokenText, price: { amount: 987_654_321_012, unit: 'usd' }, may_renew: false },
        { ...owedSample, title: rightToLeftText, due: { amount: 987_654_321_012, unit: 'usd' } },
      ],
      credit: [],
      credits_url: '/billing/ada/credits/',
      next_renewal: { title: unbrokenText, at: heldSample.ends_at, is_automatic: false, ...monthly },
      may_order: true,
      write_off_url: null,
      paid_elsewhere_url: null,
      address: { name: longText, address: [unbrokenText], email: null },
      transactions: {
        count: 1,
        next: null,
        previous: null,
        results: [
          {
            created_at,
            description: longText,
            amount: '($9,876,543,210.12)',
            is_debit: true,
            money: { amount: -987_654_321_012, unit: 'usd' },
            location: null,
          },
        ],
      },
      list: sampleList(historyList, address, { count: 1 }),
    },
    nothing_found: {
      ...no_history,
      address: null,
      list: sampleList(historyList, `${address}?q=harbour&start_at=2026-11-01`, { count: 0 }),
    },
  },
);

const document_path = '/billing/ada/documents/cowork/2026-000042/';

/** Members that viewReceipt returns. */
const line = { description: 'Basic, 1 month until Apr 5, 2026', dest_amount: 2900, dest_unit: 'usd' };
const charge = {
  processor_key: '0123456789abcdef01234567',
  created_at: new Date(created_at),
  amount: 2900,
  unit: 'usd',
  state: 'done',
  last4: '4242',
  exp_date: '2030-12',
  description: 'Basic, 1 month until Apr 5, 2026',
};
const usd = (amount: number) => ({ amount, unit: 'usd' });
const unpaid = { paid: usd(0), due: usd(2900) };
const receipt = {
  lines_total: usd(2900),
  credit_used: [],
  paid: usd(2900),
  due: usd(0),
  lines_count: 1,
  lines_first: 1,
  profile: payerSample,
  provider: { printable_name: 'Cowork', email: 'billing@cowork.example' },
  sellers: [
    {
      name: 'Coworking Space Inc.',
      address: ['120 Market Street', 'San Francisco, CA 94105', 'United States'],
      email: 'billing@cowork.example',
    },
  ],
  buyer: { name: 'Ada Lovelace', address: ['44 Folsom Street, Apt. 9', 'San Francisco, CA 94105'], email: null },
  refunded: { amount: 0, unit: 'usd' },
  charged_back: usd(0),
  pill: 'done',
  printable_url: '/billing/ada/receipt/0123456789abcdef01234567/printable/',
  charge,
  charge_items: [{ invoiced: line, full: null, discount: null, refunded: [] }],
  timezone: 'America/Los_Angeles',
  invoices: [{ number: '2026-000042', seller: 'Coworking Space Inc.', href: document_path }],
  credit_notes: [],
  pdf_url: '/billing/ada/receipt/0123456789abcdef01234567/download/',
  total: { amount: 2900, unit: 'usd' },
  continue_url: '/app/ada/',
  continue_title: 'Open the application',
};

export const receiptPage = definePage(
  'saas/billing/receipt.html',
  Type.Object({
    ...receiptParts,
    ...refusedFormParts,
    printable_url: Type.String(),
    pdf_url: Type.String(),
    /** Null for a charge that is not paid. */
    continue_url: NullableText,
    continue_title: Type.String(),
    pages: Type.Optional(PagesPart),
  }),
  {
    typical: receipt,
    many_lines: {
      ...receipt,
      lines_count: 10_000,
      lines_first: 101,
      pages: { last: 200, previous_url: '?page=1', next_url: '?page=3' },
    },
    refunded: {
      ...receipt,
      charge_items: [
        {
          invoiced: line,
          full: { amount: 5800, unit: 'usd' },
          discount: { amount: -2900, unit: 'usd' },
          refunded: [{ ...line, created_at: new Date(created_at), description: `Refund of ${line.description}` }],
        },
      ],
      total: { amount: 0, unit: 'usd' },
      refunded: { amount: 2900, unit: 'usd' },
      credit_notes: [
        {
          number: 'CN-2026-000007',
          invoice_number: '2026-000042',
          created_at: new Date(created_at),
          money: { amount: -2900, unit: 'usd' },
        },
      ],
      pill: 'refunded',
    },
    credit: {
      ...receipt,
      charge: { ...charge, amount: 1700 },
      credit_used: [
        { number: 12, money: usd(300) },
        { number: 15, money: usd(900) },
      ],
      paid: usd(1700),
      total: usd(1700),
    },
    error: { ...receipt, detail: 'The customer has no e-mail address.', errors: {} },
    pending: { ...receipt, ...unpaid, charge: { ...charge, state: 'created' }, pill: 'created', continue_url: null },
    failed: { ...receipt, ...unpaid, charge: { ...charge, state: 'failed' }, pill: 'failed', continue_url: null },
    charged_back: {
      ...receipt,
      charge: { ...charge, state: 'failed' },
      charged_back: usd(2900),
      total: usd(0),
      pill: 'dispute_lost',
      continue_url: null,
    },
    empty: { ...receipt, charge_items: [], lines_total: usd(0), paid: usd(0), total: usd(0) },
  },
);

/** The receipt alone, for printing. */
export const printableReceiptPage = definePage(
  'saas/printable_charge_receipt.html',
  Type.Object({
    ...receiptParts,
    back_url: Type.String(),
    pdf_url: Type.String(),
    pages: Type.Optional(PagesPart),
  }),
  { typical: { ...receipt, back_url: '/billing/ada/receipt/0123456789abcdef01234567/' } },
);

/** Page types of this sub-room. */
export const receiptPageTypes = [historyPage, receiptPage, printableReceiptPage, documentPage];
