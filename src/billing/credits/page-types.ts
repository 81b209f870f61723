import { Type } from 'typebox';
import { invalidInput } from '#kernel/problem';
import { definePage } from '#platform/http/page-type';
import { paths } from '#platform/http/paths';
import { IsoInstant } from '#platform/http/schemas';
import { EffectLine } from '#platform/pages/details/effect';
import { form_view } from '#platform/pages/forms/form';
import { defineListPage } from '#platform/pages/lists/list-declaration';
import { ListViewPart } from '#platform/pages/lists/list-view-schema';
import { sampleList } from '#platform/pages/lists/sample-list';
import { longText, rightToLeftText, unbrokenText } from '#platform/pages/pieces/hostile-text';
import { MoneyPart, PayerPart, payerSample } from '../page-parts.ts';
import { giftForm, payoutForm } from './credit-forms.ts';

const NullableText = Type.Union([Type.String(), Type.Null()]);

/** The list of the lots of a profile; its sort fields are those of the API. */
export const creditsList = defineListPage({
  noun: ['credit', 'credits'],
  search: 'Reason, provider or invoice',
  columns: {
    number: { label: 'Number', descending: true },
    provider__full_name: { label: 'Provider' },
    balance: { label: 'Left', descending: true },
    created_at: { label: 'Date', descending: true },
  },
  order: '-created_at',
  dates: 'Date',
});

const usd = (amount: number) => ({ amount, unit: 'usd' });
const address = paths.credits('ada');
const lot = {
  number: 12,
  provider: 'Coworking Space',
  description: 'Unused time of Basic',
  source: '2026-000042',
  source_url: '/billing/ada/documents/cowork/2026-000042/',
  left: usd(1200),
  amount: usd(4500),
  created_at: '2026-03-05T14:30:00.000Z',
  payout_url: null as string | null,
};
const given = { ...lot, number: 15, description: 'Thank you', source: null, source_url: null, left: usd(0) };
const typical = {
  profile: payerSample,
  give_url: null as string | null,
  totals: [{ provider: 'Coworking Space', money: usd(1200) }],
  lots: [lot, given],
  list: sampleList(creditsList, address, { count: 2, csv_path: paths.creditsDownload('ada') }),
};

/** Credit that providers owe a profile in future service. */
export const creditsPage = definePage(
  'saas/billing/credits.html',
  Type.Object({
    profile: PayerPart,
    /** Null for readers who cannot give credit. */
    give_url: NullableText,
    /** What is left, by provider and unit. */
    totals: Type.Array(Type.Object({ provider: Type.String(), money: MoneyPart })),
    lots: Type.Array(
      Type.Object({
        number: Type.Integer(),
        provider: Type.String(),
        description: Type.String(),
        /** Invoice that the credit comes from; null if the provider gave it. */
        source: NullableText,
        source_url: NullableText,
        left: MoneyPart,
        amount: MoneyPart,
        created_at: IsoInstant,
        /** Null if nothing can be paid out, or the reader cannot pay it out. */
        payout_url: NullableText,
      }),
    ),
    list: ListViewPart,
  }),
  {
    typical,
    seller: {
      ...typical,
      give_url: paths.giveCredit('ada'),
      lots: [{ ...lot, payout_url: paths.payOutCredit('ada', 12) }, given],
    },
    empty: { ...typical, totals: [], lots: [], list: sampleList(creditsList, address, { count: 0 }) },
    nothing_found: { ...typical, lots: [], list: sampleList(creditsList, `${address}?q=harbour`, { count: 0 }) },
    long: {
      ...typical,
      totals: [{ provider: longText, money: usd(987_654_321_012) }],
      lots: [
        { ...lot, provider: rightToLeftText, description: unbrokenText, left: usd(987_654_321_012) },
        { ...given, provider: longText, description: longText },
      ],
    },
  },
);

const context = { locale: 'en-US', timezone: 'UTC', unit: 'usd' };
const gift = giftForm([]);
const step = {
  profile: payerSample,
  nav_as: { profile: 'cowork', current: paths.subscribers('cowork') },
  crumbs: [{ label: 'Credit of Ada Lovelace', href: address }],
  title: 'Give credit to Ada Lovelace',
  sub: 'It pays the next orders with you, before a card is charged. It cannot be paid out.',
  keep_url: address,
  field_names: gift.field_names,
  refusal: null,
  review: null,
  ...gift.form.view({ unit: 'usd' }, context),
};
const payout = payoutForm(usd(1200), 'en');
const payout_step = {
  ...step,
  title: 'Pay out credit 12',
  sub: 'Unused time of Basic',
  field_names: ['amount'],
  ...payout.view({ amount: 1200 }, context),
};

/** The pages that give credit and pay it out: the amount, then what it does. */
export const creditStepPage = definePage(
  'saas/billing/credit_step.html',
  Type.Object({
    profile: PayerPart,
    nav_as: Type.Object({ profile: Type.String(), current: Type.String() }),
    crumbs: Type.Array(Type.Object({ label: Type.String(), href: Type.String() })),
    title: Type.String(),
    sub: Type.String(),
    keep_url: Type.String(),
    field_names: Type.Array(Type.String()),
    /** Why nothing can be paid out, or null. */
    refusal: NullableText,
    /** Set on the second step. */
    review: Type.Union([
      Type.Object({
        effect: Type.Array(EffectLine),
        undo: Type.String(),
        action_label: Type.String(),
        hidden: Type.Array(Type.Object({ name: Type.String(), value: Type.String() })),
      }),
      Type.Null(),
    ]),
    ...form_view,
  }),
  {
    typical: step,
    review: {
      ...step,
      review: {
        effect: [
          { label: 'Ada Lovelace can use', hint: 'for orders with you', money: usd(2200), was: { money: usd(1200) } },
          { label: 'Written off', money: usd(1000) },
        ],
        undo: 'Credit that was given cannot be taken back.',
        action_label: 'Give $10.00 of credit',
        hidden: [{ name: 'key', value: 'b9e1' }],
      },
    },
    payout: payout_step,
    payout_review: {
      ...payout_step,
      review: {
        effect: [
          { label: 'Ada Lovelace gets back', hint: 'on the card that paid', money: usd(1200) },
          { label: 'Your funds', hint: 'less the fee that the processor returns', money: usd(-1200) },
          { label: 'Credit left', money: usd(0), was: { money: usd(1200) } },
        ],
        undo: 'A payout is sent at once and cannot be undone.',
        action_label: 'Pay out $12.00',
        hidden: [{ name: 'key', value: 'b9e1' }],
      },
    },
    empty: { ...payout_step, field_names: [], refusal: 'This credit cannot be paid out.' },
    error: {
      ...step,
      ...gift.form.view(
        {},
        context,
        gift.form.refuse(invalidInput({ amount: ['Write $0.01 or more.'] }), { amount: '0', unit: 'usd', descr: '' }),
      ),
    },
    long: {
      ...step,
      title: `Give credit to ${longText}`,
      sub: unbrokenText,
      crumbs: [{ label: rightToLeftText, href: address }],
    },
  },
  { as: 'provider' },
);

/** Page types of this sub-room. */
export const creditPageTypes = [creditsPage, creditStepPage];
