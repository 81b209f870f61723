/**
 * Data of the templates of the default theme that no page type carries: the context of every page, and the messages.
 * Keys of
 * `sampleMails` are template names; every entry of a list is one rendering.
 */
type Data = Record<string, unknown>;

const created_at = '2026-03-05T10:00:00.000Z';
const manager = { slug: 'manager', title: 'Manager' };
const user = { username: 'xia', slug: 'xia', printable_name: 'Xia Lee', picture: null, email: 'xia@example.com' };
const usd = (amount: number) => ({ amount, unit: 'usd' });
const xia = {
  slug: 'xia',
  printable_name: 'Xia Lee',
  full_name: 'Xia Lee',
  type: 'personal',
  picture: null,
  email: 'xia@example.com',
  phone: '+1 415 555 2671',
};
const cowork = {
  slug: 'cowork',
  printable_name: 'Coworking Space',
  full_name: 'Coworking Space',
  type: 'organization',
  picture: null,
  email: 'support@cowork.example.com',
  phone: '',
};
const line = (description: string, dest_amount: number) => ({
  created_at,
  description,
  dest_amount,
  dest_unit: 'usd',
  amount: '$20.00',
  is_debit: true,
});
const charge = {
  processor_key: 'ch_XAb124EF',
  created_at,
  amount: 6400,
  unit: 'usd',
  state: 'done',
  last4: '4242',
  exp_date: '12/2030',
  description: 'Basic',
};
const charge_items = [
  {
    invoiced: line('Subscription to basic until 2026/06/05 (3 months)', 6400),
    refunded: [{ ...line('Refund of one month', 2000) }],
  },
];
/** The context that every page shares. */
export const commonSample: Data = {
  site: { slug: 'cowork', title: 'Coworking Space', origin: 'https://cowork.example.com' },
  user,
  menu: [
    { slug: 'xia', printable_name: 'Xia Lee', urls: { app: '/app/xia/', profile: '/profile/xia/contact/' } },
    { slug: 'abc', printable_name: 'ABC Corp.', urls: { app: '/app/abc/', profile: '/profile/abc/contact/' } },
  ],
  urls: {
    home: '/',
    login: '/login/',
    logout: '/logout/',
    register: '/register/',
    recover: '/recover/',
    pricing: '/pricing/',
    redeem: '/redeem/',
    contact: '/contact/',
    legal: '/legal/',
    terms: '/legal/terms-of-use/',
    privacy: '/legal/privacy/',
    cart: '/billing/cart/',
    app: '/app/',
    profile: '/profile/',
    profile_base: '/profile/',
    docs: '/docs/api/',
    colours: '/colours/',
    setup: '/metrics/cowork/setup/',
    user: {
      profile: '/users/xia/',
      password: '/users/xia/password/',
      otp: '/users/xia/otp/',
      verify: '/users/verify/',
      roles: '/users/xia/roles/',
    },
    organization: {
      app: '/app/xia/',
      profile: '/profile/xia/contact/',
      roles: '/profile/xia/roles/',
      subscriptions: '/profile/xia/subscriptions/',
      billing: '/billing/xia/history/',
      balance: '/billing/xia/balance/',
      card: '/billing/xia/card/',
      seats: '/billing/xia/seats/',
      cart: '/billing/xia/cart/',
      checkout: '/billing/xia/checkout/',
    },
  },
  request: { path: '/profile/xia/roles/', id: '5f0c' },
  csrf_token: 'token',
  csp_nonce: 'nonce',
  messages: [{ level: 'success', text: 'Saved.' }],
  next: '/app/xia/',
  lang: 'en',
  colours: 'auto',
  frame_layout: 'saas/base_portal.html',
  reader: { lang: 'en', locale: 'en-US', timezone: 'America/Los_Angeles' },
  nav: {
    kind: 'subscriber',
    title: 'Xia Lee',
    subtitle: 'Personal profile',
    picture: null,
    switch_url: '/users/xia/roles/',
    search: null,
    groups: [
      {
        title: null,
        entries: [
          {
            id: 'billing',
            label: 'Plan and billing',
            icon: 'receipt',
            href: '/billing/xia/history/',
            current: false,
            count: 2,
          },
          {
            id: 'roles',
            label: 'People and roles',
            icon: 'users',
            href: '/profile/xia/roles/',
            current: true,
            count: null,
          },
        ],
      },
      {
        title: 'You',
        entries: [
          {
            id: 'security',
            label: 'Security',
            icon: 'lock',
            href: '/users/xia/password/',
            current: false,
            count: null,
          },
        ],
      },
    ],
  },
  account_menu: {
    name: 'Xia Lee',
    email: 'xia@example.com',
    picture: null,
    entries: [{ id: 'account', label: 'My account', icon: 'user', href: '/users/xia/', current: false, count: null }],
    profiles: [
      { name: 'Xia Lee', kind: 'Personal profile', picture: null, href: '/billing/xia/history/', current: true },
      {
        name: 'ABC Corp.',
        kind: 'Organization',
        picture: 'https://abc.example.com/a.png',
        href: '/billing/abc/history/',
        current: false,
      },
    ],
    all_url: '/users/xia/roles/',
    has_search: true,
  },
  acting: {
    profile_name: 'Xia Lee',
    as: 'provider',
    as_name: 'Coworking Space',
    back_url: '/profile/xia/contact/',
    back_label: 'Back to Xia Lee',
  },
};

/** The context of a page for an anonymous visitor. */
export const anonymousSample: Data = {
  ...commonSample,
  user: null,
  menu: [],
  messages: [],
  nav: {
    kind: 'visitor',
    title: 'Coworking Space',
    subtitle: '',
    picture: null,
    switch_url: null,
    search: null,
    groups: [],
  },
  account_menu: null,
  acting: null,
};

const paused = { resumes_at: '2026-03-10T10:00:00.000Z', ends_at: '2026-03-20T10:00:00.000Z' };
const mail: Data = {
  broker: cowork,
  site: { slug: 'cowork', title: 'Coworking Space', origin: 'https://cowork.example.com' },
  back_url: 'https://cowork.example.com/billing/xia/receipt/ch_1/?a=1&b=2',
  user,
  profile: xia,
  provider: cowork,
  subscriber: xia,
  plan: { slug: 'basic', title: 'Basic' },
  originated_by: user,
  role_description: manager,
  detail: 'Join us.\nWe need you.',
};
const changes = { last4: { pre: '1234', post: '4242' }, exp_date: { pre: '', post: '12/2030' } };

const failure: Data = {
  invoiced_items: [line('Basic, 1 month', 9000)],
  total: usd(9000),
  next_attempt_at: '2026-03-06T10:00:00.000Z',
  ends_at: '2026-03-12T10:00:00.000Z',
  end: 'end',
  final_notice: false,
};

const plan_change: Data = {
  from_plan: { slug: 'basic', title: 'Basic' },
  plan: { slug: 'pro', title: 'Pro' },
  is_same_plan: false,
  quantity: { from: 1, to: 1 },
};
const planned_change: Data = { ...plan_change, effective_at: '2026-03-20T10:00:00.000Z', price: usd(24_900) };

export const sampleMails: Readonly<Record<string, readonly Data[]>> = {
  'notification/user_registered.eml': [mail],
  'notification/user_welcome.eml': [mail],
  'notification/user_activated.eml': [mail],
  'notification/user_credentials_changed.eml': [{ ...mail, what: 'an API key was created' }],
  'notification/user_archived.eml': [{ ...mail, back_url: null, name: 'Xia Lee' }],
  'notification/user_email_changed.eml': [
    { ...mail, changes: { pre: 'xia@example.com', post: 'new@example.com' }, is_removed: false, is_verified: true },
    { ...mail, changes: { pre: 'xia@example.com', post: 'new@example.com' }, is_removed: false, is_verified: false },
    { ...mail, back_url: null, changes: { pre: 'xia@example.com', post: '' }, is_removed: true, is_verified: true },
  ],
  'notification/user_password_changed.eml': [
    { ...mail, how: 'link' },
    { ...mail, how: 'removed' },
  ],
  'notification/user_verification.eml': [
    { ...mail, code: '012345', lifetime: '2 days' },
    { ...mail, back_url: null, code: '012345' },
  ],
  'notification/user_reset_password.eml': [{ ...mail, lifetime: '2 days' }],
  'notification/role_grant_created.eml': [mail, { ...mail, needs_accept: false }],
  'notification/role_grant_accepted.eml': [mail],
  'notification/role_request_created.eml': [mail],
  'notification/profile_updated.eml': [{ ...mail, changes: { full_name: { pre: 'Xia', post: 'Xia Lee' } } }],
  'notification/order_executed.eml': [{ ...mail, invoiced_items: [line('Subscription to basic', 2000)] }],
  'notification/payment_link_sent.eml': [{ ...mail, due: usd(2000), lines: ['Subscription to basic'] }],
  'notification/payment_link_unpaid.eml': [
    { ...mail, due: usd(2000), lines: ['Subscription to basic'], sent_at: '2026-03-01T10:00:00.000Z' },
  ],
  'notification/claim_code_generated.eml': [
    { ...mail, plans: ['Basic', 'Premium'], full_name: 'A <Friend>', code: 'a'.repeat(40), is_paid: true },
    { ...mail, provider: null, plans: ['Basic'], full_name: '', code: 'b'.repeat(40), is_paid: false },
  ],
  'notification/charge_updated.eml': [
    { ...mail, charge, charge_items },
    { ...mail, charge: { ...charge, state: 'disputed' }, charge_items, charge_total: usd(4400) },
  ],
  'notification/card_updated.eml': [
    { ...mail, changes, by_issuer: false },
    { ...mail, changes, by_issuer: true },
  ],
  'notification/card_removed.eml': [
    { ...mail, brand: 'visa', last4: '4242', other_last4: null },
    { ...mail, brand: 'visa', last4: '4242', other_last4: '4444' },
  ],
  'notification/period_sales_report_created.eml': [
    {
      ...mail,
      first_day: '2026-03-02',
      last_day: '2026-03-08',
      unit: 'usd',
      rows: [{ title: 'Total revenue', value: 4400, is_money: true, previous: 10, last_year: null }],
      people: { users_count: 1, profiles_count: 1, names: ['Xia'] },
    },
    {
      ...mail,
      first_day: '2026-03-02',
      last_day: '2026-03-08',
      unit: 'usd',
      rows: [],
      people: null,
    },
  ],
  'notification/payment_returned.eml': [
    { ...mail, amount: 2000, unit: 'usd', charge_key: 'ch_XAb124EF', taken_at: '2026-03-10T15:00:00.000Z' },
  ],
  'notification/payment_refused.eml': [
    {
      ...mail,
      processor: 'stripe',
      account: '',
      reason: 'capability_not_active',
      payer_name: 'Xia Lee',
      asked: { amount: 5900, unit: 'usd' },
    },
    {
      ...mail,
      processor: 'stripe',
      account: 'acct_1CoworkClub',
      reason: 'account_invalid',
      payer_name: '',
      asked: null,
    },
  ],
  'notification/processor_key_refused.eml': [{ ...mail, processor: 'stripe' }],
  'notification/processor_keys_replaced.eml': [
    {
      ...mail,
      processor: 'stripe',
      account: 'acct_1Cowork',
      former_account: 'acct_2Cowork',
      replaced_at: '2026-03-05T10:00:00.000Z',
      originated_by: { printable_name: 'Donny Smith', username: 'donny', email: 'donny@example.com' },
    },
    {
      ...mail,
      processor: 'stripe',
      account: null,
      former_account: null,
      replaced_at: '2026-03-05T10:00:00.000Z',
      originated_by: null,
    },
  ],
  'notification/account_disconnected.eml': [{ ...mail, account: 'acct_1CoworkClub' }],
  'notification/fraud_warned.eml': [
    {
      ...mail,
      customer_name: 'Acme Incorporated',
      charged_at: '2026-03-05T10:00:00.000Z',
      warned: { amount: 5900, unit: 'usd' },
      is_owner: true,
    },
    { ...mail, customer_name: '', charged_at: '2026-03-05T10:00:00.000Z', warned: null, is_owner: false },
  ],
  'notification/inquiry_opened.eml': [
    {
      ...mail,
      customer_name: 'Acme Incorporated',
      charged_at: '2026-03-05T10:00:00.000Z',
      asked: { amount: 5900, unit: 'usd' },
      due_at: '2026-03-19T22:59:59.000Z',
      is_owner: true,
    },
    { ...mail, customer_name: '', charged_at: '2026-03-05T10:00:00.000Z', asked: null, due_at: null, is_owner: false },
  ],
  'notification/payout_failed.eml': [
    { ...mail, amount: 4400, unit: 'usd', is_debit: false, is_returned: true, reason: 'The bank returned the payout.' },
  ],
  'notification/subscription_grant_created.eml': [mail],
  'notification/subscription_grant_accepted.eml': [mail],
  'notification/subscription_request_created.eml': [mail],
  'notification/subscription_request_accepted.eml': [mail],
  'notification/subscription_changed.eml': [
    {
      ...mail,
      ...plan_change,
      invoiced_items: [line('Subscription to pro', 12_450)],
      charged: usd(7950),
      credit: null,
      next_charge: { at: '2026-03-19T10:00:00.000Z', amount: 24_900, unit: 'usd' },
      ends_at: '2026-03-20T10:00:00.000Z',
    },
    {
      ...mail,
      ...plan_change,
      is_same_plan: true,
      quantity: { from: 5, to: 3 },
      invoiced_items: [],
      charged: null,
      credit: usd(1000),
      next_charge: null,
      ends_at: '2026-03-20T10:00:00.000Z',
    },
  ],
  'notification/change_pending.eml': [
    { ...mail, ...planned_change },
    { ...mail, ...planned_change, is_same_plan: true, quantity: { from: 5, to: 3 } },
  ],
  'notification/change_approaching.eml': [
    { ...mail, ...planned_change },
    { ...mail, ...planned_change, is_same_plan: true, quantity: { from: 5, to: 3 } },
  ],
  'notification/renewal_charge_failed.eml': [
    { ...mail, ...failure, needs_card: false, has_card: true },
    {
      ...mail,
      ...failure,
      next_attempt_at: null,
      end: 'suspend',
      final_notice: true,
      needs_card: true,
      has_card: false,
    },
  ],
  'notification/payment_action_required.eml': [
    { ...mail, ...failure, has_link: true },
    { ...mail, ...failure, has_link: false },
  ],
  'notification/renewal_recovered.eml': [
    { ...mail, plans: ['Basic'], was_suspended: false },
    { ...mail, plans: [], was_suspended: true },
  ],
  'notification/subscription_ended_unpaid.eml': [
    { ...mail, plans: ['Basic'], due: usd(1928), is_suspended: false },
    { ...mail, plans: ['Basic', 'Premium'], due: usd(9000), is_suspended: true },
    { ...mail, plans: ['Basic'], due: null, is_suspended: false },
  ],
  'notification/processor_setup_error.eml': [mail],
  'notification/expires_soon.eml': [{ ...mail, ends_at: '2026-03-20T10:00:00.000Z' }],
  'notification/subscription_upgrade.eml': [{ ...mail, ends_at: '2026-03-20T10:00:00.000Z' }],
  'notification/trial_ends_soon.eml': [
    { ...mail, ends_at: '2026-03-20T10:00:00.000Z', price: usd(9000), has_card: true },
    { ...mail, ends_at: '2026-03-20T10:00:00.000Z', price: usd(9000), has_card: false },
  ],
  'notification/subscription_request_expired.eml': [
    { ...mail, refunded: [usd(5900)], credited: [usd(500)], due: [] },
    { ...mail, refunded: [], credited: [], due: [usd(5900)] },
  ],
  'notification/trial_ended.eml': [{ ...mail, ends_at: '2026-03-20T10:00:00.000Z' }],
  'notification/subscription_paused.eml': [{ ...mail, ...paused }],
  'notification/subscription_resumes_soon.eml': [{ ...mail, ...paused }],
  'notification/subscription_resumed.eml': [{ ...mail, ...paused }],
  'notification/card_expires_soon.eml': [
    { ...mail, ends_at: '2026-03-20T10:00:00.000Z', last4: '4242', exp_date: '2026-03-01' },
  ],
  'notification/payment_method_absent.eml': [{ ...mail, ends_at: '2026-03-20T10:00:00.000Z' }],
  'notification/quota_reached.eml': [{ ...mail, use_charge: 'requests', used_quantity: 100 }],
  'notification/use_charge_limit_crossed.eml': [{ ...mail, use_charge: 'requests', used_quantity: 1000 }],
  'notification/user_contact.eml': [{ ...mail, detail: [['Message', 'Hello\nthere']] }],
};
