import { Type } from 'typebox';
import { invalidInput } from '#kernel/problem';
import { definePage } from '#platform/http/page-type';
import { paths } from '#platform/http/paths';
import { EffectLine } from '#platform/pages/details/effect';
import { ShownMoney } from '#platform/pages/details/fact';
import { form_view } from '#platform/pages/forms/form';
import { longText, unbrokenText } from '#platform/pages/pieces/hostile-text';
import { keyForm, key_form_context } from './key-form.ts';
import { SetupPart } from './setup-part.ts';
import { presentReport } from './view-setup.ts';
import { withdrawForm } from './withdraw-form.ts';

const ProfilePart = Type.Object({ slug: Type.String(), printable_name: Type.String() });
const NullableText = Type.Union([Type.String(), Type.Null()]);
const AccountPart = Type.Object({
  bank_name: Type.String(),
  last4: Type.String(),
  /** Null for the broker, whose account belongs to the settings of the site. */
  connected_at: NullableText,
});

const OnboardingPart = Type.Object({
  state: Type.Enum(['details_missing', 'restricted', 'in_review', 'payouts_off', 'ready']),
  title: Type.String(),
  text: Type.String(),
  /** Names that the processor gives to what is missing. */
  due: Type.Array(Type.String()),
  deadline: NullableText,
  action_label: NullableText,
});

const usd = (amount: number) => ({ amount, unit: 'usd' });
const profile = { slug: 'club', printable_name: 'Rowing Club' };
const account = { bank_name: 'Test Bank', last4: '***-6789', connected_at: '2026-03-05T14:30:00.000Z' };

const connected = {
  profile,
  account,
  onboarding: null,
  has_ended: false,
  is_reached: true,
  may_edit: true,
  totals: [usd(211_460)],
  withdraw_url: paths.withdraw('club'),
  disconnect_url: paths.disconnectBank('club'),
  setup: null,
  ...keyForm.view({}, key_form_context),
  is_key_refused: false,
  detail: '',
};

const platform_url = 'https://cowork.example.com/api/stripe/postevent';
const endpoints = [
  { name: 'platform' as const, url: platform_url, state: 'ok' },
  { name: 'connect' as const, url: `${platform_url}/connect`, state: 'ok' },
];
const report = {
  line: '',
  faults: [],
  account: { key: 'acct_1CoworkSpace', name: 'Coworking Space', country: 'US', unit: 'usd' },
  mode: 'live' as const,
  endpoints,
  missing_permissions: [],
  api_version: '2026-10-28.endive',
};
const faulty_report = {
  ...report,
  faults: [
    'The key lacks the permission to read: Payouts.',
    `The connect endpoint ${platform_url}/connect is missing.`,
    'The account cannot charge cards yet: complete its details at Stripe.',
  ],
  endpoints: endpoints.map((each) => (each.name === 'connect' ? { ...each, state: 'missing' } : each)),
  missing_permissions: ['Payouts'],
};
const keys = { secret_key: 'rk_live_…9f3K', publishable_key: 'pk_live_…Xw2c', set_at: '2026-03-09T08:12:00.000Z' };
const checked = { detail: '', keys, checked_at: '2026-03-10T15:00:00.000Z', report: presentReport(report) };
const SLOW = 'The processor does not respond. Payments may work all the same. Check again in a minute.';

const of_broker = { account: { ...account, connected_at: null }, disconnect_url: null, setup: checked };

const refused_key = keyForm.view(
  {},
  key_form_context,
  keyForm.refuse(
    invalidInput({
      is_other_account: [
        'The key is of the account acct_1Other, and payments so far were made on acct_1CoworkSpace. Confirm the other account to store it nevertheless.',
      ],
      publishable_key: ['Give the publishable key of the other account too.'],
    }),
    {},
  ),
);

const held = 'Until then your sales are charged by Cowork, which holds the money for you.';
const details_missing = {
  state: 'details_missing' as const,
  title: 'Details are missing',
  text: `Enter the details of your business at the processor. ${held}`,
  due: ['business_profile.url', 'external_account'],
  deadline: '2026-04-01T12:00:00.000Z',
  action_label: 'Enter the details',
};
const ready = {
  state: 'ready' as const,
  title: 'Ready',
  text: 'Your sales are charged on your account, and can be paid out.',
  due: [],
  deadline: null,
  action_label: null,
};

export const bankPage = definePage(
  'saas/billing/bank.html',
  Type.Object({
    profile: ProfilePart,
    /** Null: not connected. */
    account: Type.Union([AccountPart, Type.Null()]),
    /** State of the account at a processor with pages that complete it; null for others. */
    onboarding: Type.Union([OnboardingPart, Type.Null()]),
    /** True if the processor denies the access to the account that was connected last. */
    has_ended: Type.Boolean(),
    /** False: the payment processor did not respond. */
    is_reached: Type.Boolean(),
    may_edit: Type.Boolean(),
    /** Amounts that can be paid out, by unit; below zero is owed. */
    totals: Type.Array(ShownMoney),
    withdraw_url: Type.String(),
    /** Null for the broker. */
    disconnect_url: NullableText,
    /** Null for others than the broker, and for a processor without a key. */
    setup: Type.Union([SetupPart, Type.Null()]),
    /** True if the form of new keys was refused: `errors` and `detail` are about it. */
    is_key_refused: Type.Boolean(),
    ...form_view,
  }),
  {
    typical: connected,
    empty: { ...connected, account: null, totals: [usd(0)] },
    broker: { ...connected, ...of_broker },
    broker_faults: { ...connected, ...of_broker, setup: { ...checked, report: presentReport(faulty_report) } },
    broker_slow: { ...connected, ...of_broker, setup: { ...checked, detail: SLOW } },
    broker_unreached: {
      ...connected,
      ...of_broker,
      account: null,
      is_reached: false,
      setup: { detail: SLOW, checked_at: null, keys: { ...keys, set_at: null }, report: null },
    },
    broker_contributor: { ...connected, ...of_broker, may_edit: false, setup: { ...checked, keys: null } },
    broker_key_refused: { ...connected, ...of_broker, ...refused_key, is_key_refused: true },
    forbidden: { ...connected, account: null, may_edit: false },
    onboarding: { ...connected, onboarding: details_missing },
    ready: { ...connected, onboarding: ready },
    ended: { ...connected, account: null, has_ended: true },
    unreachable: { ...connected, account: null, is_reached: false },
    error: { ...connected, account: null, detail: 'The payment processor could not be reached.' },
    long: {
      ...connected,
      profile: { slug: 'club', printable_name: longText },
      account: { ...account, bank_name: unbrokenText },
      totals: [usd(987_654_321_012), { amount: -590_000, unit: 'jpy' }],
    },
  },
  { as: 'provider' },
);

const PayoutPart = Type.Object({
  money: ShownMoney,
  /** State of `_status_pill.html`. */
  pill: Type.Enum(['requested', 'on_its_way', 'paid_out', 'failed', 'returned']),
  description: Type.String(),
  created_at: Type.String(),
  /** Why it failed, or null. */
  detail: NullableText,
});

const form = withdrawForm(usd(211_460), 'en');
const context = { locale: 'en-US', timezone: 'UTC', unit: 'usd' };
const payout = {
  money: usd(50_000),
  pill: 'paid_out',
  description: 'withdraw from Rowing Club (alice)',
  created_at: '2026-03-05T14:30:00.000Z',
  detail: null,
} as const;
const typical = {
  profile,
  crumbs: [{ label: 'Funds and payouts', href: paths.transfers('club') }],
  available: usd(211_460),
  units: [],
  keep_url: paths.transfers('club'),
  bank_url: paths.bank('club'),
  refusal: null,
  is_bank_missing: false,
  review: null,
  payouts: [
    payout,
    { ...payout, pill: 'on_its_way' as const },
    { ...payout, pill: 'requested' as const },
    { ...payout, pill: 'returned' as const, detail: 'The bank returned the payout.' },
    { ...payout, pill: 'failed' as const, detail: 'The payment processor never received the payout.' },
  ],
  ...form.view({ amount: 211_460 }, context),
};
const review = {
  effect: [
    { label: 'Your bank account receives', hint: 'Test Bank ***-6789', money: usd(211_460), strong: true },
    { label: 'Your funds', money: usd(-211_460), note: '$2,114.60 becomes $0.00' },
  ],
  action_label: 'Withdraw $2,114.60',
  hidden: [{ name: 'key', value: 'b1' }],
};

export const withdrawPage = definePage(
  'saas/billing/withdraw.html',
  Type.Object({
    profile: ProfilePart,
    crumbs: Type.Array(Type.Object({ label: Type.String(), href: Type.String() })),
    /** Amount that can be withdrawn in the chosen currency. */
    available: ShownMoney,
    /** Other currencies with funds, to choose. */
    units: Type.Array(Type.Object({ label: Type.String(), href: Type.String() })),
    keep_url: Type.String(),
    bank_url: Type.String(),
    /** Why nothing can be withdrawn, or null. */
    refusal: NullableText,
    /** True if an account at the processor resolves the refusal. */
    is_bank_missing: Type.Boolean(),
    /** Set on the second step. */
    review: Type.Union([
      Type.Object({
        effect: Type.Array(EffectLine),
        action_label: Type.String(),
        hidden: Type.Array(Type.Object({ name: Type.String(), value: Type.String() })),
      }),
      Type.Null(),
    ]),
    /** The newest payouts. */
    payouts: Type.Array(PayoutPart),
    ...form_view,
  }),
  {
    typical,
    review: { ...typical, review },
    empty: { ...typical, available: usd(0), refusal: 'There are no funds to withdraw.', payouts: [] },
    not_connected: { ...typical, refusal: 'Connect an account first.', is_bank_missing: true, payouts: [] },
    error: {
      ...typical,
      ...form.view(
        {},
        context,
        form.refuse(invalidInput({ amount: ['Write $2,114.60 or less.'] }), { amount: '9000' }),
      ),
    },
    refused: { ...typical, detail: '$21.00 cannot be paid out while $12.00 of the funds are available.' },
    long: {
      ...typical,
      profile: { slug: 'club', printable_name: longText },
      available: usd(987_654_321_012),
      units: [{ label: '¥590,000', href: `${paths.withdraw('club')}?unit=jpy` }],
      payouts: [{ ...payout, money: usd(987_654_321_012), description: unbrokenText }],
    },
  },
  { as: 'provider' },
);

/** Page types of this sub-room. */
export const bankPageTypes = [bankPage, withdrawPage];
