import { type Static, Type } from 'typebox';
import { changeModes } from '#catalog';
import { periodTypes } from '#kernel/period';
import { definePage } from '#platform/http/page-type';
import {
  cardFormParts,
  cardFormSample,
  MoneyPart,
  PayerPart,
  payerSample,
  refusedFormParts,
  SavedCardPart,
  savedCardSample,
} from '../page-parts.ts';

const Instant = Type.Unsafe<Date>({});
const NullableMoney = Type.Union([MoneyPart, Type.Null()]);
const Titled = Type.Object({ slug: Type.String(), title: Type.String() });

/** The subscription that a page changes. */
const ChangedPart = Type.Object({
  ...Titled.properties,
  ends_at: Instant,
  quantity: Type.Integer(),
  /** True if the plan is sold by quantity. */
  is_counted: Type.Boolean(),
});

/** A plan that the subscription can be changed to; the plan itself to change its quantity. */
const ChoicePart = Type.Object({
  ...Titled.properties,
  /** List price of one period and one seat. */
  price: MoneyPart,
  period_type: Type.Enum([...periodTypes]),
  period_length: Type.Integer(),
  /** `quantity`: the plan that the subscriber has. */
  direction: Type.Enum(['upgrade', 'downgrade', 'crossgrade', 'quantity']),
  mode: Type.Enum([...changeModes]),
  /** Limits of the quantity; null for a plan that is not sold by quantity. */
  quantities: Type.Union([Type.Object({ min: Type.Integer(), max: Type.Integer() }), Type.Null()]),
});

/** The planned change of a subscription. */
const PlannedPart = Type.Object({
  title: Type.String(),
  quantity: Type.Integer(),
  effective_at: Instant,
  /** Promised price of the first period, setup fee included. */
  price: MoneyPart,
  /** False once its first period is ordered. */
  may_withdraw: Type.Boolean(),
});

export type ChoiceView = Static<typeof ChoicePart>;
export type PlannedView = Static<typeof PlannedPart>;

/** Choice of the plan and the quantity, with the change that is planned. */
export const changePage = definePage(
  'saas/billing/change.html',
  Type.Object({
    profile: PayerPart,
    subscription: ChangedPart,
    /** False for a caller who only reads. */
    may_edit: Type.Boolean(),
    choices: Type.Array(ChoicePart),
    pending: Type.Union([PlannedPart, Type.Null()]),
    back_url: Type.String(),
    form: Type.Object({ to: Type.String(), quantity: Type.String(), at: Type.String() }),
    ...refusedFormParts,
  }),
  choiceSamples(),
);

const LineView = Type.Object({
  label: Type.String(),
  covers_from: Type.Union([Instant, Type.Null()]),
  covers_to: Type.Union([Instant, Type.Null()]),
  money: MoneyPart,
});

const PreviewPart = Type.Object({
  to: Titled,
  quantity: Type.Object({ from: Type.Integer(), to: Type.Integer() }),
  /** True if the change takes effect now, false at the end of what is paid. */
  is_now: Type.Boolean(),
  effective_at: Instant,
  is_period_kept: Type.Boolean(),
  covers_to: Instant,
  lines: Type.Array(LineView),
  total: MoneyPart,
  /** Credit from before that the change uses. */
  credit_used: NullableMoney,
  /** Credit that is left after the change. */
  credit_after: NullableMoney,
  charge: MoneyPart,
  /** What stays due. */
  due_after: NullableMoney,
  next_charge: Type.Union([Type.Object({ at: Instant, money: MoneyPart }), Type.Null()]),
  quotas: Type.Array(Type.Object({ title: Type.String(), before: Type.Integer(), after: Type.Integer() })),
  /** Discount that ends. */
  lost_discount: NullableMoney,
  /** Uses bought in advance that lapse. */
  lost_uses: Type.Array(Type.Object({ title: Type.String(), quantity: Type.Integer() })),
  withdraws_cancellation: Type.Boolean(),
  replaces_pending: Type.Boolean(),
});

export type PreviewView = Static<typeof PreviewPart>;

/** What a change does, with the button that confirms it. */
export const changePreviewPage = definePage(
  'saas/billing/change-preview.html',
  Type.Object({
    profile: PayerPart,
    subscription: ChangedPart,
    may_edit: Type.Boolean(),
    preview: PreviewPart,
    preview_key: Type.String(),
    /** Why an earlier preview was not executed; null at first. */
    outdated: Type.Union([Type.Enum(['changed', 'expired']), Type.Null()]),
    card: SavedCardPart,
    /** True if the caller pays; false for a provider, who charges only the card on file. */
    may_enter_card: Type.Boolean(),
    ...cardFormParts,
    choose_url: Type.String(),
    back_url: Type.String(),
    form: Type.Object({
      card_name: Type.String(),
      use_card: Type.String(),
      remember_card: Type.Boolean(),
      accept_lost_uses: Type.Boolean(),
    }),
    ...refusedFormParts,
  }),
  previewSamples(),
);

/** Page types of this sub-room. */
export const changePageTypes = [changePage, changePreviewPage];

function choiceSamples() {
  const { subscription, back_url } = sampleParts();
  const monthly = { period_type: 'monthly', period_length: 1, quantities: null } as const;
  const pro = { slug: 'pro', title: 'Pro', price: usd(24_900), ...monthly, direction: 'upgrade' } as const;
  const team = { slug: 'team', title: 'Team', price: usd(1000), ...monthly, quantities: { min: 1, max: 50 } } as const;
  const typical = {
    profile: payerSample,
    subscription,
    may_edit: true,
    choices: [
      { ...team, direction: 'downgrade', mode: 'period_end' },
      { ...pro, slug: 'mate', title: 'Mate', price: usd(9000), direction: 'crossgrade', mode: 'none' },
      { ...pro, mode: 'prorate' },
      { ...pro, slug: 'annual', title: 'Annual', price: usd(97_200), period_type: 'yearly', mode: 'full' },
    ] satisfies ChoiceView[],
    pending: null,
    back_url,
    form: { to: '', quantity: '', at: '' },
  } as const;
  const pending = {
    title: 'Lite',
    quantity: 1,
    effective_at: subscription.ends_at,
    price: usd(2000),
    may_withdraw: true,
  };
  const seats = { ...subscription, slug: 'team', title: 'Team', quantity: 5, is_counted: true };
  return {
    typical: { ...typical, choices: [...typical.choices] },
    quantity: {
      ...typical,
      subscription: seats,
      choices: [{ ...team, direction: 'quantity' as const, mode: 'prorate' as const }, ...typical.choices.slice(1)],
      form: { to: 'team', quantity: '5', at: '' },
    },
    pending: { ...typical, choices: [...typical.choices], pending },
    begun: { ...typical, choices: [], pending: { ...pending, may_withdraw: false, quantity: 3 } },
    read_only: { ...typical, may_edit: false, choices: [], pending },
    empty: { ...typical, choices: [] },
    error: {
      ...typical,
      choices: [...typical.choices],
      form: { to: 'team', quantity: '80', at: 'period_end' },
      detail: '',
      errors: { quantity: ['Ensure this value is less than or equal to 50.'] },
    },
    refused: {
      ...typical,
      choices: [...typical.choices],
      form: { to: 'pro', quantity: '', at: '' },
      detail: 'A payment of this subscription is being processed.',
      errors: {},
    },
  };
}

// long: a sample of each state
function previewSamples() {
  const { subscription, back_url } = sampleParts();
  const [now, ends_at] = [new Date('2026-01-25T22:00:00.000Z'), subscription.ends_at];
  const upgrade: PreviewView = {
    to: { slug: 'pro', title: 'Pro' },
    quantity: { from: 1, to: 1 },
    is_now: true,
    effective_at: now,
    is_period_kept: true,
    covers_to: ends_at,
    lines: [
      { label: 'Unused time of Basic', covers_from: now, covers_to: ends_at, money: usd(-4500) },
      { label: 'Pro', covers_from: now, covers_to: ends_at, money: usd(12_450) },
    ],
    total: usd(7950),
    credit_used: null,
    credit_after: null,
    charge: usd(7950),
    due_after: null,
    next_charge: { at: new Date('2026-02-09T10:00:00.000Z'), money: usd(24_900) },
    quotas: [],
    lost_discount: null,
    lost_uses: [],
    withdraws_cancellation: false,
    replaces_pending: false,
  };
  const typical = {
    profile: payerSample,
    subscription,
    may_edit: true,
    preview: upgrade,
    preview_key: 'mkua7r40-5f0c',
    outdated: null,
    card: savedCardSample,
    may_enter_card: true,
    ...cardFormSample,
    choose_url: `${back_url}basic/change/`,
    back_url,
    form: { card_name: '', use_card: '', remember_card: false, accept_lost_uses: false },
  };
  const credited = { ...upgrade, credit_used: usd(7950), credit_after: usd(1250), charge: usd(0) };
  const warned: PreviewView = {
    ...upgrade,
    is_period_kept: false,
    lost_discount: usd(900),
    lost_uses: [{ title: 'Prints', quantity: 40 }],
    quotas: [{ title: 'Hours in the meeting room', before: 10, after: 25 }],
    withdraws_cancellation: true,
    replaces_pending: true,
  };
  const later: PreviewView = {
    ...upgrade,
    to: { slug: 'lite', title: 'Lite' },
    is_now: false,
    effective_at: ends_at,
    covers_to: new Date('2026-03-10T10:00:00.000Z'),
    lines: [],
    total: usd(0),
    charge: usd(0),
    next_charge: { at: new Date('2026-02-09T10:00:00.000Z'), money: usd(2000) },
  };
  const refused = { ...typical, card: null, detail: 'The payment did not go through' };
  return {
    typical,
    no_card: { ...typical, card: null },
    seats: {
      ...typical,
      subscription: { ...subscription, slug: 'team', title: 'Team', quantity: 5, is_counted: true },
      preview: { ...upgrade, to: { slug: 'team', title: 'Team' }, quantity: { from: 5, to: 8 }, due_after: usd(30) },
    },
    credit: { ...typical, preview: credited },
    warnings: { ...typical, preview: warned },
    period_end: { ...typical, preview: later },
    outdated: { ...typical, outdated: 'changed' as const },
    expired: { ...typical, outdated: 'expired' as const },
    provider: { ...typical, may_enter_card: false, preview: { ...upgrade, charge: usd(0), due_after: usd(7950) } },
    read_only: { ...typical, may_edit: false },
    declined: { ...refused, errors: { card_number: ['The card was declined. You were not charged.'] } },
    error: {
      ...typical,
      preview: warned,
      detail: '',
      errors: { accept_lost_uses: ['Tick this box to change the plan.'] },
    },
  };
}

function usd(amount: number) {
  return { amount, unit: 'usd' };
}

function sampleParts() {
  return {
    subscription: {
      slug: 'basic',
      title: 'Basic',
      ends_at: new Date('2026-02-10T10:00:00.000Z'),
      quantity: 1,
      is_counted: false,
    },
    back_url: '/profile/ada/subscriptions/',
  };
}
