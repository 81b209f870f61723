/**
 * Data of each template of the default theme, in every state that looks different, for tests that render all of them.
 * Keys are template names; every entry of a list is one rendering, on top of `commonSample`.
 */

type Data = Record<string, unknown>;

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
const user = { username: 'xia', slug: 'xia', printable_name: 'Xia Lee', picture: null, email: 'xia@example.com' };
const created_at = '2026-03-05T10:00:00.000Z';
const ends_at = '2026-04-05T10:00:00.000Z';
const line = (description: string, dest_amount: number) => ({
  created_at,
  description,
  dest_amount,
  dest_unit: 'usd',
  amount: '$20.00',
  is_debit: true,
});
const invoicables = [
  {
    key: 'basic',
    name: 'Basic',
    descr: 'For people who start.',
    option: 0,
    lines: [
      { ...line('Subscription to basic until 2026/06/05 (3 months) - a 10% discount', 5400), full_amount: 6000 },
      line('Setup fee for basic', 1000),
    ],
    options: [
      { ...line('Subscription to basic until 2026/04/05 (1 month)', 2000), periods: '1 month' },
      {
        ...line('Subscription to basic until 2026/06/05 (3 months)', 5400),
        full_amount: 6000,
        periods: '3 months',
        discounts: 'a 10% discount',
      },
      {
        ...line('Subscription to basic until 2027/03/05 (12 months)', 19200),
        full_amount: 24000,
        periods: '12 months',
        discounts: 'a 20% discount',
      },
    ],
  },
];
const card = { last4: '4242', exp_date: '12/2030' };
const plan = {
  slug: 'basic',
  title: 'Basic',
  description: 'For people who start.',
  period_amount: 2000,
  discounted_period_amount: 2000,
  unit: 'usd',
  period_type: 'monthly',
  period_length: 1,
  setup_amount: 1000,
  renewal_type: 'auto-renew',
  is_not_priced: false,
  is_cart_item: false,
  optin_on_request: false,
  advance_discounts: [
    { discount_type: 'percentage', discount_value: 1000, length: 3 },
    { discount_type: 'percentage', discount_value: 2000, length: 12 },
  ],
  use_charges: [{ title: 'Requests', quota: 100, use_amount: 10 }],
  profile: cowork,
};
const plan_list = [
  plan,
  {
    ...plan,
    slug: 'premium',
    title: 'Premium',
    period_amount: 5900,
    discounted_period_amount: 2950,
    setup_amount: 0,
    is_cart_item: true,
  },
  {
    ...plan,
    slug: 'free',
    title: 'Free',
    period_amount: 0,
    setup_amount: 0,
    renewal_type: 'one-time',
    optin_on_request: true,
    advance_discounts: [],
  },
  { ...plan, slug: 'enterprise', title: 'Enterprise', description: 'For large organizations.', is_not_priced: true },
];
const list = (results: unknown[]) => ({ count: results.length, next: null, previous: null, results });
const manager = { slug: 'manager', title: 'Manager' };
const roles = list([
  { created_at, user, role_description: manager, grant_key: null, request_key: null },
  {
    created_at,
    user: { username: 'alice', printable_name: 'Alice Cooper', email: 'alice@example.com' },
    role_description: manager,
    grant_key: 'a1',
    request_key: null,
  },
  {
    created_at,
    user: { username: 'kenneth', printable_name: 'Kenneth Adams', email: 'kenneth@example.com' },
    role_description: manager,
    grant_key: null,
    request_key: 'b2',
  },
]);
const role_types = [
  { ...manager, url: '/profile/xia/roles/manager/' },
  { slug: 'contributor', title: 'Contributor', url: '/profile/xia/roles/contributor/' },
];
const contact = {
  full_name: 'Xia Lee',
  nick_name: 'Xia',
  email: 'xia@example.com',
  phone: '',
  street_address: '185 Berry St',
  locality: 'San Francisco',
  region: 'CA',
  postal_code: '94107',
  country: 'US',
  default_timezone: 'Europe/Paris',
};
const countries = [
  { value: 'FR', label: 'France' },
  { value: 'US', label: 'United States' },
];
const subscription = {
  plan: { slug: 'basic', title: 'Basic' },
  provider: cowork,
  created_at,
  ends_at,
  auto_renew: true,
  ends_soon: false,
  app_url: '/app/xia/',
  grant_key: null,
  request_key: null,
  balance_due: null,
};
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
const agreement = { slug: 'terms-of-use', title: 'Terms of use', updated_at: created_at };
const page = '## What this is about\n\nA **short** text with [a link](/contact/).\n\n* one\n* two\n';
const error = {
  status: 500,
  code: 'internal_error',
  detail: 'A sentence about it.',
  request_id: '5f0c',
  resolve_path: null,
};

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
};

/** The set-up page with the first `done` steps done. */
function setUp(open_step: string, done: number, more: Data): Data {
  const names = ['name', 'plan', 'application', 'rule', 'key'];
  const state = (index: number) => (index < done ? 'done' : index === done ? 'current' : 'later');
  return {
    profile: cowork,
    can_change: true,
    steps: Object.fromEntries(names.map((name, index) => [name, { name, number: index + 1, state: state(index) }])),
    done_count: done,
    step_count: names.length,
    open_step,
    facts: {
      title: 'Coworking Space',
      email: 'support@cowork.example.com',
      entry_point: 'http://127.0.0.1:8001/',
      forwarded_path: '/app/{profile}/',
      session_key_at: new Date('2026-03-05T10:00:00Z'),
      plan_title: 'Basic',
    },
    form: { title: 'Coworking Space', email: 'support@cowork.example.com', unit: 'usd', pattern: 'subscribers' },
    default_paths: { subscribers: '/app/{profile}/', signed_in: '/app/', public: '/' },
    plans: [{ value: 'basic', label: 'Basic' }],
    currencies: [{ value: 'usd', label: 'USD' }],
    periods: [{ value: 'monthly', label: 'per month' }],
    private_addresses_allowed: false,
    check: null,
    session_key: null,
    samples: [{ language: 'TypeScript', file: 'node.ts', code: 'const session = await readSession(header);' }],
    errors: {},
    detail: '',
    ...more,
  };
}

const apiField = { name: 'profile', place: 'path', type: 'string', required: true, description: 'Slug of the profile' };
const apiTag = {
  slug: 'billing',
  title: 'Billing',
  operations: [
    {
      id: 'put-api-billing-profile-card',
      method: 'PUT',
      path: '/api/billing/{profile}/card',
      summary: 'Replaces the card on file',
      description: ['The former card is removed.'],
      parameters: [apiField],
      body: [{ ...apiField, name: 'token' }],
      request_example: '{ "token": "tok_visa" }',
      curl: "curl -X PUT 'https://site.example/api/billing/xia/card'",
      responses: [
        { status: '200', description: [], fields: [{ ...apiField, name: 'last4' }], example: '{ "last4": "4242" }' },
        { status: '400', description: ['`card_declined`: The card was declined.'], fields: [], example: null },
      ],
    },
  ],
};

const anonymous: Data = { user: null, menu: [], messages: [] };
const wrong: Data = { errors: { email: ['Enter an e-mail address.'], new_password: ['Too short.'] }, detail: '' };

export const samplePages: Readonly<Record<string, readonly Data[]>> = {
  'index.html': [{}, anonymous],
  'contact.html': [{ form: { full_name: 'Xia Lee' }, ...wrong }, { sent: true }],
  'app.html': [
    { profile: xia, subscriptions: [subscription] },
    { profile: xia, subscriptions: [] },
  ],
  'app_proxy_help.html': [{ path: '/app/', entry_point: 'http://localhost:9000/' }],
  '400.html': [error],
  '403.html': [
    { ...error, resolve_path: '/pricing/' },
    { ...error, ...anonymous },
  ],
  '404.html': [error],
  '500.html': [error],
  '503.html': [error],
  'rules/forward_error.html': [
    {
      status: 504,
      request_id: '5f0c',
      manager_help: true,
      entry_point: 'http://localhost:9000/',
      reason: 'connection refused',
    },
  ],
  'api_docs/index.html': [{ tags: [apiTag] }],
  'api_docs/operations.html': [{ tags: [apiTag], tag: apiTag }],
  'setup/index.html': [
    setUp('name', 0, {}),
    setUp('application', 2, { check: { kind: 'answered', status: 200, duration_ms: 12 } }),
    setUp('application', 2, { check: { kind: 'failed', reason: 'No response arrived within 5 seconds.' } }),
    setUp('rule', 3, { errors: { pattern: ['Choose who may open your application.'] } }),
    setUp('key', 5, { session_key: 'Yk3vP' }),
    setUp('', 5, { can_change: false }),
  ],
  'login/index.html': [
    { ...anonymous, form: {}, errors: {}, registration_enabled: true },
    { ...anonymous, form: { username: 'xia' }, detail: 'This name and password do not fit together.' },
  ],
  'login/otp.html': [
    { form: {}, step: 'v1.sealed', channel: 'otp_code' },
    {
      form: {},
      step: 'v1.sealed',
      channel: 'email_code',
      errors: { code: ['This code is wrong or no longer valid.'] },
    },
  ],
  'users/index.html': [
    {
      account: { username: 'xia', credentials: true },
      needs_otp: true,
      is_email_verified: true,
      form: { username: 'xia', full_name: 'Xia Lee', email: 'xia@example.com' },
      email_awaiting: null,
      phone_awaiting: null,
    },
    {
      account: { username: 'xia', credentials: false },
      needs_otp: false,
      is_email_verified: false,
      form: { username: 'xia', email: 'new@example.com' },
      email_awaiting: 'new@example.com',
      phone_awaiting: null,
      errors: { full_name: ['This field is required.'] },
    },
  ],
  'users/password.html': [
    {
      account: { username: 'xia' },
      has_password: true,
      needs_otp: true,
      api_keys: [{ title: 'production', api_pub_key: 'abc', last_used_at: null }],
      form: {},
    },
    { account: { username: 'xia' }, has_password: false, needs_otp: false, api_keys: [], form: {} },
  ],
  'users/otp.html': [
    { otp_enabled: false, has_password: true, priv_key: null, provisioning_uri: null, form: {} },
    {
      otp_enabled: false,
      has_password: true,
      priv_key: 'JBSWY3DPEHPK3PXP',
      provisioning_uri: 'otpauth://totp/Cowork:xia?secret=JBSWY3DPEHPK3PXP',
      form: {},
    },
    { otp_enabled: true, has_password: true, priv_key: null, provisioning_uri: null, form: {}, ...wrong },
    { otp_enabled: false, has_password: false, priv_key: null, provisioning_uri: null, form: {} },
  ],
  'users/verify.html': [
    { email: 'xia@example.com', is_verified: false, sent: true, needs_otp: true, form: {} },
    { email: 'xia@example.com', is_verified: true, sent: false, needs_otp: false, form: {} },
    { email: null, is_verified: false, sent: false, needs_otp: false, form: {} },
  ],
  'login/personal.html': [
    { ...anonymous, form: {}, with_organization: true, password_length_min: 8 },
    { ...anonymous, form: { full_name: 'Xia', email: 'xia@' }, ...wrong },
  ],
  'login/recover.html': [
    { ...anonymous, form: {} },
    { ...anonymous, sent: true },
  ],
  'login/verification_key.html': [
    { ...anonymous, valid: false },
    { ...anonymous, valid: true, email: 'xia@example.com', needs_name: true, needs_password: true, form: {} },
    { valid: true },
  ],
  'login/stop_change.html': [
    { ...anonymous, valid: true, username: 'xia', address: 'xia@example.com', is_made: false, form: {} },
    { ...anonymous, valid: true, username: 'xia', address: 'xia@example.com', is_made: true, form: {} },
    { ...anonymous, valid: false },
  ],
  'login/disabled.html': [
    { ...anonymous, reason: 'registration' },
    { ...anonymous, reason: 'login' },
  ],
  'login/logout.html': [{}],
  'saas/pricing.html': [
    { ...anonymous, plan_list, redeemed: null, show_providers: false, cart_count: 0 },
    { plan_list, redeemed: { code: 'DIS50' }, show_providers: true, cart_count: 1 },
    { plan_list: [] },
  ],
  'saas/redeem.html': [
    anonymous,
    { ...anonymous, form: { code: 'a'.repeat(40) }, is_seat: true },
    { form: { code: 'X' }, errors: { code: ['There is no such code.'] } },
  ],
  'saas/billing/cart.html': [
    { profile: xia, invoicables, lines_price: usd(6400), redeemed: [{ code: 'DIS50' }], form: {} },
    {
      profile: xia,
      invoicables: invoicables.map((each) => ({ ...each, options: [] })),
      lines_price: usd(6400),
      redeemed: [],
      remembered: 'LATER',
      form: {},
    },
    {
      profile: xia,
      invoicables: [],
      suggested: { slug: 'basic', title: 'Basic', description: 'For you.', price: '$20.00' },
    },
    { profile: xia, invoicables: [] },
  ],
  'saas/billing/seats.html': [
    {
      profile: xia,
      seats: ['open', 'claimed', 'expired', 'unpaid', 'refunded'].map((state, id) => ({
        id,
        email: 'friend@example.com',
        full_name: id % 2 === 0 ? 'A <Friend>' : '',
        plans: [{ slug: 'basic', title: 'Basic' }],
        state,
        created_at: '2026-03-05T10:00:00Z',
        sent_at: '2026-03-05T10:00:00Z',
        expires_at: '2026-06-03T10:00:00Z',
        may_resend: id === 0,
      })),
    },
    { profile: xia, seats: [] },
  ],
  'saas/billing/cart-periods.html': [{ profile: xia, invoicables }],
  'saas/billing/checkout.html': [
    {
      profile: xia,
      invoicables,
      lines_price: usd(6400),
      cart_version: 'v1',
      card: null,
      test_cards: true,
      form: {},
      detail: 'Your card was declined.',
    },
    { profile: xia, invoicables, lines_price: usd(6400), cart_version: 'v1', card, form: {} },
    { profile: xia, invoicables, lines_price: usd(0), cart_version: 'v1', form: {} },
    {
      profile: xia,
      invoicables,
      lines_price: usd(0),
      totals: [usd(2000), { amount: 1500, unit: 'eur' }],
      due_apart: [{ name: 'Basic', href: '/billing/xia/balance/basic/' }],
      form: {},
    },
    { profile: xia, invoicables: [], lines_price: usd(0) },
  ],
  'saas/billing/receipt.html': [
    {
      profile: xia,
      provider: cowork,
      charge,
      charge_items,
      total: usd(4400),
      continue_url: '/app/xia/',
      continue_title: 'Open the application',
    },
    { profile: xia, provider: cowork, charge: { ...charge, state: 'created' }, charge_items, total: usd(4400) },
    { profile: xia, provider: cowork, charge: { ...charge, state: 'failed' }, charge_items, total: usd(4400) },
    { profile: xia, charge: null, created_at, charge_items: [], total: usd(0) },
  ],
  'saas/billing/index.html': [
    {
      profile: xia,
      balance_amount: 2000,
      balance_unit: 'usd',
      card,
      transactions: {
        ...list([
          { ...line('Subscription to basic', 2000), location: '/billing/xia/receipt/ch_1/' },
          { ...line('Paid', 2000), is_debit: false, amount: '($20.00)' },
        ]),
        next: '?page=2',
        count: 40,
      },
    },
    { profile: xia, balance_amount: -500, balance_unit: 'usd', card: null, transactions: list([]) },
    { profile: xia, balance_amount: 0, balance_unit: 'usd', card: null, transactions: list([]) },
  ],
  'saas/billing/balance.html': [
    { profile: xia, invoicables, lines_price: usd(6400), cart_version: 'v1', card, form: { use_card: 'new' } },
    {
      profile: xia,
      invoicables,
      lines_price: usd(0),
      totals: [usd(2000), { amount: 1500, unit: 'eur' }],
      due_apart: [{ name: 'Basic', href: '/billing/xia/balance/basic/' }],
      form: {},
    },
    { profile: xia, invoicables: [], lines_price: usd(0) },
  ],
  'saas/billing/card.html': [
    { profile: xia, card, form: {} },
    { profile: xia, card: null, form: {}, errors: { card_number: ['This number is not valid.'] } },
  ],
  'saas/profile/index.html': [
    { profile: xia, may_edit: true, countries, timezones: [], form: contact, own_user: user },
    {
      profile: cowork,
      may_edit: true,
      countries,
      timezones: [{ value: 'Europe/Paris', label: 'Europe/Paris' }],
      form: contact,
      ...wrong,
    },
    { profile: cowork, may_edit: false },
  ],
  'saas/profile/subscriptions.html': [
    {
      profile: xia,
      may_edit: true,
      expired: false,
      tabs: { active_url: '/profile/xia/subscriptions/', expired_url: '/profile/xia/subscriptions/?state=expired' },
      subscriptions: list([
        subscription,
        { ...subscription, plan: { slug: 'premium', title: 'Premium' }, auto_renew: false, ends_soon: true },
        { ...subscription, plan: { slug: 'private', title: 'Private' }, grant_key: 'a1' },
        { ...subscription, plan: { slug: 'managed', title: 'Managed' }, balance_due: usd(2900) },
      ]),
    },
    { profile: xia, expired: true, subscriptions: list([subscription]) },
    { profile: xia, expired: false, subscriptions: list([]) },
  ],
  'saas/profile/roles/index.html': [
    { profile: xia, may_edit: true, role_types, roles },
    { profile: xia, roles: list([]), role_types },
  ],
  'saas/profile/roles/role.html': [
    { profile: xia, may_edit: true, role_descr: manager, role_types, roles, form: {} },
    {
      profile: xia,
      may_edit: true,
      role_descr: manager,
      role_types,
      roles: list([]),
      form: { email: 'new@example.com' },
      unknown: true,
      errors: { full_name: ['This field is required.'] },
    },
  ],
  'saas/users/roles.html': [
    {
      accessibles: list([
        {
          profile: xia,
          role_description: manager,
          created_at,
          grant_key: null,
          request_key: null,
          home_url: '/app/xia/',
          settings_url: '/profile/xia/contact/',
        },
        {
          profile: cowork,
          role_description: manager,
          created_at,
          grant_key: 'a1',
          request_key: null,
          settings_url: null,
        },
      ]),
      form: {},
    },
    { accessibles: list([]), form: {} },
  ],
  'saas/users/accept.html': [
    { invitation: { printable_name: 'Coworking Space', role_title: 'Manager' }, may_accept: true },
    {
      invitation: { printable_name: 'Coworking Space', role_title: '' },
      may_accept: false,
      detail: 'Confirm your address first.',
    },
  ],
  'saas/profile/subscription_accept.html': [
    { profile: xia, plan, subscription, other: cowork, is_request: false, cancel_url: '/profile/xia/subscriptions/' },
    { profile: cowork, plan, subscription, other: xia, is_request: true, cancel_url: '/profile/cowork/' },
  ],
  'saas/profile_redirects.html': [
    {
      accessibles: [
        { ...xia, role_title: 'Manager', location: '/app/xia/' },
        { ...cowork, role_title: 'Contributor', location: '/app/cowork/' },
      ],
      invitations: [{ profile: cowork, role_description: manager, accept_url: '/users/roles/accept/a1/' }],
      form: {},
    },
    { accessibles: [], form: {}, errors: { full_name: ['This field is required.'] } },
  ],
  'saas/legal/index.html': [{ agreements: [{ ...agreement, location: '/legal/terms-of-use/' }] }, { agreements: [] }],
  'saas/legal/agreement.html': [{ agreement, page }],
  'saas/legal/sign.html': [
    { agreement, page, signed_before: true, form: {}, errors: { read_terms: ['Tick the box to accept.'] } },
  ],
};

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

export const sampleMails: Readonly<Record<string, readonly Data[]>> = {
  'notification/user_registered.eml': [mail],
  'notification/user_welcome.eml': [mail],
  'notification/user_activated.eml': [mail],
  'notification/user_credentials_changed.eml': [{ ...mail, what: 'an API key was created' }],
  'notification/user_archived.eml': [{ ...mail, back_url: null, name: 'Xia Lee' }],
  'notification/user_email_changed.eml': [
    { ...mail, changes: { pre: 'xia@example.com', post: 'new@example.com' }, is_verified: true },
    { ...mail, changes: { pre: 'xia@example.com', post: 'new@example.com' }, is_verified: false },
    { ...mail, back_url: null, changes: { pre: 'xia@example.com', post: '' }, is_verified: true },
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
  'notification/claim_code_generated.eml': [
    { ...mail, plans: ['Basic', 'Premium'], full_name: 'A <Friend>', code: 'a'.repeat(40) },
    { ...mail, provider: null, plans: ['Basic'], full_name: '', code: 'b'.repeat(40) },
  ],
  'notification/charge_updated.eml': [
    { ...mail, charge, charge_items },
    { ...mail, charge: { ...charge, state: 'disputed' }, charge_items, charge_total: usd(4400) },
  ],
  'notification/card_updated.eml': [{ ...mail, changes }],
  'notification/subscription_grant_created.eml': [mail],
  'notification/subscription_grant_accepted.eml': [mail],
  'notification/subscription_request_created.eml': [mail],
  'notification/subscription_request_accepted.eml': [mail],
  'notification/user_contact.eml': [{ ...mail, detail: [['Message', 'Hello\nthere']] }],
};
