import { type Static, Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { paths } from '#platform/http/paths';
import { defineListPage } from '#platform/pages/lists/list-declaration';
import { ListViewPart } from '#platform/pages/lists/list-view-schema';
import { postAction, RowActionPart } from '#platform/pages/lists/row-actions';
import { sampleList } from '#platform/pages/lists/sample-list';
import { longText } from '#platform/pages/pieces/hostile-text';
import { cardFormParts, cardFormSample, MoneyPart, refusedFormParts } from '../page-parts.ts';
import { orderParts, orderSamples } from '../quotes/index.ts';

const PaymentData = Type.Object({
  ...orderParts,
  /** Name of the profile that owes the order. */
  payer_name: Type.String(),
  seller_name: Type.String(),
  /** Amount of the whole order. */
  order_price: MoneyPart,
  is_paid: Type.Boolean(),
  ...cardFormParts,
  ...refusedFormParts,
  form: Type.Optional(Type.Object({ card_name: Type.String() })),
});

const head = {
  payer_name: 'Ada Lovelace',
  seller_name: 'Coworking Space',
  order_price: { amount: 2900, unit: 'usd' },
  is_paid: false,
  ...cardFormSample,
};

/** The page that pays an order by a link, without an account. */
export const paymentLinkPage = definePage(
  'saas/billing/payment.html',
  PaymentData,
  {
    typical: { ...head, ...orderSamples.typical },
    paid: { ...head, ...orderSamples.empty, is_paid: true },
    long: {
      ...head,
      ...orderSamples.typical,
      payer_name: 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft '.repeat(2).trim(),
    },
    error: {
      ...head,
      ...orderSamples.typical,
      detail: 'The payment did not go through',
      errors: { card_number: ['Your card was declined. You were not charged. Use another card.'] },
      form: { card_name: 'Ada Lovelace' },
    },
  },
  { as: 'visitor' },
);

/** Words of the states of an order that is paid later. */
export const state_words = {
  open: 'Payment due',
  paid: 'Paid',
  collected: 'Paid elsewhere',
  written_off: 'Written off',
} as const;

/** The list of the orders of a provider that are paid later. */
export const paymentLinksList = defineListPage({
  noun: ['order', 'orders'],
  search: 'Customer',
  columns: {
    amount: { label: 'Amount', descending: true },
    created_at: { label: 'Ordered', descending: true },
  },
  order: '-created_at',
  dates: 'Ordered',
  tabs: {
    name: 'state',
    label: 'State',
    options: [
      { value: '', label: 'All' },
      { value: 'open', label: state_words.open },
      { value: 'paid', label: state_words.paid },
      { value: 'collected', label: state_words.collected },
      { value: 'written_off', label: state_words.written_off },
    ],
  },
});

const Instant = Type.Unsafe<Date>({});
const LinkRow = Type.Object({
  id: Type.Integer(),
  customer: Type.String(),
  price: MoneyPart,
  due: MoneyPart,
  state: Type.Enum(['open', 'paid', 'collected', 'written_off']),
  created_at: Instant,
  sent_at: Type.Union([Instant, Type.Null()]),
  /** Address of the page that pays the order; null when nothing is due, and for readers who do not manage. */
  url: Type.Union([Type.String(), Type.Null()]),
  actions: Type.Array(RowActionPart),
});
export type LinkRow = Static<typeof LinkRow>;

const row: LinkRow = {
  id: 1,
  customer: 'Xia Lee',
  price: { amount: 2000, unit: 'usd' },
  due: { amount: 2000, unit: 'usd' },
  state: 'open',
  created_at: new Date('2026-03-05T14:30:00Z'),
  sent_at: null,
  url: `https://example.com${paths.paymentLink('0af3'.repeat(10))}`,
  actions: [postAction('Send the link', { link: '1' })],
};
const nothing = { amount: 0, unit: 'usd' };
const address = paths.paymentLinks('cowork');
const listed = {
  profile: { slug: 'cowork', printable_name: 'Coworking Space' },
  links: [
    row,
    { ...row, id: 2, sent_at: new Date('2026-03-06T14:30:00Z'), actions: [] },
    { ...row, id: 3, state: 'paid' as const, due: nothing, url: null, actions: [] },
    { ...row, id: 4, state: 'collected' as const, due: nothing, url: null, actions: [] },
    { ...row, id: 5, state: 'written_off' as const, due: nothing, url: null, actions: [] },
  ],
  terms: { is_allowed: true },
  list: sampleList(paymentLinksList, address, { count: 5, csv_path: paths.paymentLinksDownload('cowork') }),
};

/** The orders of a provider that are paid later. */
export const paymentLinksPage = definePage(
  'saas/billing/payment-links.html',
  Type.Object({
    profile: Type.Object({ slug: Type.String(), printable_name: Type.String() }),
    links: Type.Array(LinkRow),
    /** Whether customers may order without paying; null for readers who do not manage the provider. */
    terms: Type.Union([Type.Object({ is_allowed: Type.Boolean() }), Type.Null()]),
    list: ListViewPart,
  }),
  {
    typical: listed,
    empty: { ...listed, links: [], list: sampleList(paymentLinksList, address, { count: 0 }) },
    nothing_found: {
      ...listed,
      links: [],
      list: sampleList(paymentLinksList, `${address}?state=open&q=harbour`, { count: 0 }),
    },
    reader: { ...listed, links: listed.links.map((each) => ({ ...each, url: null, actions: [] })), terms: null },
    long: { ...listed, links: [{ ...row, customer: longText, price: { amount: 987_654_321_012, unit: 'usd' } }] },
  },
);

/** Page types of this sub-room. */
export const paymentLinkPageTypes = [paymentLinkPage, paymentLinksPage];
