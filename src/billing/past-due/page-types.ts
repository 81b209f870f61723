import { type Static, Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { paths } from '#platform/http/paths';
import { IsoInstant, NullableInstant, NullableString } from '#platform/http/schemas';
import { Fact } from '#platform/pages/details/fact';
import { defineListPage } from '#platform/pages/lists/list-declaration';
import { form_view } from '#platform/pages/forms/form';
import { ListViewPart } from '#platform/pages/lists/list-view-schema';
import { sampleList } from '#platform/pages/lists/sample-list';
import { longText, rightToLeftText, unbrokenText } from '#platform/pages/pieces/hostile-text';
import { MoneyPart, PayerPart, payerSample, refusedFormParts, SavedCardPart, savedCardSample } from '../page-parts.ts';
import { describeTerms, termsForm, termsValues } from './terms-form.ts';

/** The closed cases of a payer. */
export const pastCasesList = defineListPage({ noun: ['failed payment', 'failed payments'], columns: {} });

/** The cases of the subscribers of a provider. */
export const pastDueList = defineListPage({
  noun: ['failed payment', 'failed payments'],
  search: 'Customer',
  columns: { created_at: { label: 'Since', descending: true } },
  order: '-created_at',
  dates: 'Since',
  tabs: {
    name: 'state',
    label: 'State',
    options: [
      { value: '', label: 'All' },
      { value: 'open', label: 'Open' },
      { value: 'retrying', label: 'Charged again' },
      { value: 'waiting', label: 'Waiting' },
      { value: 'suspended', label: 'Suspended' },
      { value: 'recovered', label: 'Paid' },
      { value: 'ended', label: 'Ended unpaid' },
      { value: 'closed', label: 'Closed' },
    ],
  },
});

const states = ['retrying', 'waiting', 'suspended', 'frozen', 'recovered', 'closed', 'ended'] as const;

const AttemptPart = Type.Object({ at: IsoInstant, money: MoneyPart, text: Type.String() });

const CasePart = Type.Object({
  provider: Type.String(),
  /** State of its pill; `frozen` while a payment is disputed. */
  state: Type.Enum([...states]),
  /** Due now; null when the case is closed. */
  due: Type.Union([MoneyPart, Type.Null()]),
  /** Why the last charge failed. */
  reason: Type.String(),
  plans: Type.Array(Type.String()),
  facts: Type.Array(Fact),
  /** Page on which the payer confirms the payment to the bank, or null. */
  confirm_url: NullableString,
  attempts: Type.Array(AttemptPart),
});
export type CasePart = Static<typeof CasePart>;

const usd = (amount: number) => ({ amount, unit: 'usd' });
const owing = (due: Static<typeof MoneyPart>) => ({
  due,
  attempts: [
    { at: '2026-02-10T10:00:00.000Z', money: due, text: 'There was not enough money on the card.' },
    { at: '2026-02-09T10:00:00.000Z', money: due, text: 'The bank declined the payment.' },
  ],
});
const retrying: CasePart = {
  ...owing(usd(9000)),
  provider: 'Coworking Space',
  state: 'retrying',
  reason: 'There was not enough money on the card.',
  plans: ['Open Space'],
  facts: [
    { label: 'Next attempt', at: '2026-02-12T10:00:00.000Z' },
    { label: 'Access', value: 'Until the end of the subscription' },
    { label: 'Ends unpaid on', at: '2026-02-16T10:00:00.000Z' },
  ],
  confirm_url: null,
};
const paid: CasePart = {
  ...retrying,
  state: 'recovered',
  due: null,
  plans: [],
  facts: [{ label: 'Closed on', at: '2026-01-12T10:00:00.000Z' }],
};
const address = paths.dunning('ada');
const typical = {
  profile: payerSample,
  may_pay: true,
  card: savedCardSample,
  card_url: paths.card('ada'),
  pay_total: usd(9000),
  cases: [retrying],
  past: [paid, { ...paid, state: 'ended' as const }],
  list: sampleList(pastCasesList, address, { count: 2 }),
};
const none = { past: [], list: sampleList(pastCasesList, address, { count: 0 }) };
const alone = { ...typical, ...none };

export const dunningPage = definePage(
  'saas/billing/dunning.html',
  Type.Object({
    profile: PayerPart,
    /** False for readers, who see no buttons. */
    may_pay: Type.Boolean(),
    card: SavedCardPart,
    card_url: Type.String(),
    /** What the button pays; null with nothing due, or with amounts of several currencies. */
    pay_total: Type.Union([MoneyPart, Type.Null()]),
    /** The open cases, oldest first. */
    cases: Type.Array(CasePart),
    past: Type.Array(CasePart),
    list: ListViewPart,
    ...refusedFormParts,
  }),
  {
    typical,
    empty: { ...alone, cases: [], pay_total: null },
    error: {
      ...alone,
      detail: 'The charge was repeated less than an hour ago. Try again in 42 minutes, or use another card.',
      errors: {},
    },
    no_card: {
      ...alone,
      card: null,
      cases: [{ ...retrying, state: 'waiting' as const, reason: 'No payment card is on file.' }],
    },
    confirm: {
      ...alone,
      cases: [
        {
          ...retrying,
          reason: 'The bank wants you to confirm the payment.',
          confirm_url: paths.balance('ada'),
        },
      ],
    },
    suspended: {
      ...alone,
      cases: [{ ...retrying, state: 'suspended' as const, facts: [{ label: 'Access', value: 'Suspended' }] }],
    },
    disputed: { ...alone, cases: [{ ...retrying, state: 'frozen' as const }] },
    reader: { ...typical, may_pay: false },
    several: {
      ...typical,
      pay_total: null,
      cases: [retrying, { ...retrying, ...owing({ amount: 5000, unit: 'eur' }), provider: 'Club' }],
    },
    long: {
      ...typical,
      profile: { slug: 'ada', printable_name: longText },
      cases: [
        {
          ...retrying,
          ...owing(usd(987_654_321_012)),
          provider: unbrokenText,
          plans: [rightToLeftText, unbrokenText],
        },
      ],
      pay_total: usd(987_654_321_012),
    },
  },
);

const PastDueRow = Type.Object({
  customer: Type.String(),
  /** File of the subscriber; null if the provider may not open it. */
  href: NullableString,
  state: Type.Enum([...states]),
  due: Type.Union([MoneyPart, Type.Null()]),
  plans: Type.Array(Type.String()),
  reason: Type.String(),
  attempts_count: Type.Integer(),
  next_attempt_at: NullableInstant,
  ends_at: NullableInstant,
  created_at: IsoInstant,
});
export type PastDueRow = Static<typeof PastDueRow>;

const row: PastDueRow = {
  customer: 'Ada Lovelace',
  href: paths.profile('ada'),
  state: 'retrying',
  due: usd(9000),
  plans: ['Open Space'],
  reason: 'There was not enough money on the card.',
  attempts_count: 2,
  next_attempt_at: '2026-02-12T10:00:00.000Z',
  ends_at: '2026-02-16T10:00:00.000Z',
  created_at: '2026-02-09T10:00:00.000Z',
};
const closed = { ...row, href: null, due: null, plans: [], next_attempt_at: null, ends_at: '2026-02-11T10:00:00.000Z' };
const past_due_url = paths.subscribersPastDue('cowork');
const provider = { slug: 'cowork', printable_name: 'Coworking Space' };

const terms_url = paths.dunningTerms('cowork');

export const pastDuePage = definePage(
  'saas/profile/past-due.html',
  Type.Object({
    profile: PayerPart,
    /** The form of the rules; null for a caller who may not change them. */
    terms_url: NullableString,
    cases: Type.Array(PastDueRow),
    list: ListViewPart,
  }),
  {
    typical: {
      profile: provider,
      terms_url,
      cases: [
        row,
        { ...row, state: 'waiting', next_attempt_at: null },
        { ...row, state: 'suspended', next_attempt_at: null },
        { ...row, state: 'frozen' },
        { ...closed, state: 'recovered' },
        { ...closed, state: 'ended' },
        { ...closed, state: 'closed' },
      ],
      list: sampleList(pastDueList, past_due_url, {
        count: 7,
        csv_path: paths.subscribersPastDueDownload('cowork'),
      }),
    },
    empty: { profile: provider, terms_url, cases: [], list: sampleList(pastDueList, past_due_url, { count: 0 }) },
    nothing_found: {
      profile: provider,
      terms_url,
      cases: [],
      list: sampleList(pastDueList, `${past_due_url}?q=harbour`, { count: 0 }),
    },
    long: {
      profile: { slug: 'cowork', printable_name: longText },
      terms_url: null,
      cases: [{ ...row, customer: unbrokenText, plans: [rightToLeftText], due: usd(987_654_321_012) }],
      list: sampleList(pastDueList, `${past_due_url}?page=2`, { count: 26 }),
    },
  },
  { as: 'provider' },
);

const site_terms = {
  retry_days: [1, 3],
  grace_days: 7,
  access: 'keep',
  access_days: 3,
  end: 'end',
  used_part: 'due',
} as const;
const no_terms = {
  retry_days: null,
  grace_days: null,
  access: null,
  access_days: null,
  end: null,
  used_part: null,
};
const form_context = { locale: 'en', timezone: 'UTC' };
const terms_sample = {
  profile: provider,
  site_rules: describeTerms(site_terms),
  back_url: past_due_url,
  ...termsForm.view(termsValues(no_terms), form_context),
};

export const dunningTermsPage = definePage(
  'saas/profile/dunning-terms.html',
  Type.Object({
    profile: PayerPart,
    /** The rules of the site. */
    site_rules: Type.Array(Fact),
    back_url: Type.String(),
    ...form_view,
  }),
  {
    typical: {
      ...terms_sample,
      ...termsForm.view(termsValues({ ...site_terms, retry_days: [1, 3, 5], access: 'none' }), form_context),
    },
    empty: terms_sample,
    error: {
      ...terms_sample,
      form: { ...terms_sample.form, retry_days: '3, 1' },
      errors: { retry_days: ['Write the days in increasing order, each once.'] },
      error_count: 1,
    },
    long: { ...terms_sample, profile: { slug: 'cowork', printable_name: longText } },
  },
  { as: 'provider' },
);

/** Page types of this sub-room. */
export const dunningPageTypes = [dunningPage, pastDuePage, dunningTermsPage];
