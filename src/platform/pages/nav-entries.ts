/** Kinds of menus: by what the profile of the page is on this site. */
export type NavKind = 'visitor' | 'subscriber' | 'provider' | 'broker';

/** An entry of a menu. It is shown when its route exists and admits the caller. */
export interface NavEntry {
  /** Name by which a room contributes a counter. */
  id: string;
  label: string;
  /** Symbol of `img/icons.svg`. */
  icon: string;
  /** Pattern of a GET route. `:profile` and `:user` are the profile of the menu and the signed-in user. */
  route: string;
  /** Further patterns of pages that belong to the entry; `route` and each of these also contain everything below. */
  covers?: readonly string[];
  /** Page of the entry while its own route does not exist: one of those that it covers. */
  instead?: { route: string; label: string };
  /** The access rules decide about the address: no route of Tollgate does. */
  by_rules?: true;
}

export interface NavGroup {
  title: string | null;
  entries: readonly NavEntry[];
  /** Shown with the personal profile of the reader only. */
  is_own?: true;
}

type Row = [id: string, label: string, icon: string, route: string, covers?: readonly string[]];

const entry = ([id, label, icon, route, covers = []]: Row): NavEntry => ({ id, label, icon, route, covers });

// oxfmt-ignore
const visitor = ([
  ['pricing', 'Pricing', 'tag',  '/pricing/'],
  ['contact', 'Contact', 'mail', '/contact/'],
  ['login',   'Sign in', 'user', '/login/'],
] satisfies Row[]).map(entry);

// oxfmt-ignore
const purchases = ([
  ['billing',       'Plan and billing', 'receipt', '/billing/:profile/history/', ['/billing/:profile/receipt/', '/billing/:profile/credits/', '/billing/:profile/balance/', '/billing/:profile/dunning/', '/billing/:profile/seats/', '/billing/:profile/cart/', '/billing/:profile/cart-periods/', '/billing/:profile/cart-seats/', '/billing/:profile/checkout/']],
  ['subscriptions', 'Subscriptions',    'refresh', '/profile/:profile/subscriptions/'],
  ['card',          'Payment card',     'card',    '/billing/:profile/card/'],
] satisfies Row[]).map(entry);

// oxfmt-ignore
const people = entry(['roles', 'People and roles', 'users', '/profile/:profile/roles/']);
const profile = entry(['profile', 'Profile', 'user', '/profile/:profile/contact/']);
const application: NavEntry = {
  ...entry(['application', 'Open the application', 'out', '/app/:profile/']),
  by_rules: true,
};

// oxfmt-ignore
const you = ([
  ['security',      'Security',           'lock',      '/users/:user/password/', ['/users/:user/otp/', '/users/:user/pubkey/']],
  ['notifications', 'Notifications',      'bell',      '/users/:user/notifications/'],
] satisfies Row[]).map(entry);

// oxfmt-ignore
const selling = ([
  ['home',        'Home',        'home',  '/metrics/:profile/dashboard/'],
  ['subscribers', 'Subscribers', 'users', '/profile/:profile/subscribers/'],
  ['plans',       'Plans',       'box',   '/profile/:profile/plans/'],
  ['coupons',     'Coupons',     'tag',   '/billing/:profile/coupons/', ['/metrics/:profile/coupons/:coupon/']],
] satisfies Row[]).map(entry);

const charges = entry(['charges', 'Charges', 'card', '/billing/charges/']);
const seller_charges = entry(['seller-charges', 'Charges', 'card', '/billing/:profile/charges/']);
const ledger = entry(['ledger', 'Ledger', 'book', '/billing/transactions/']);
// oxfmt-ignore
const due_and_funds = ([
  ['balances-due', 'Balances due',      'clock', '/metrics/:profile/balances-due/'],
  ['past-due',     'Failed payments',   'alert', '/profile/:profile/subscribers/past-due/'],
  ['funds',        'Funds and payouts', 'bank',  '/billing/:profile/transfers/', ['/billing/:profile/receivables/', '/billing/:profile/adjustments/', '/billing/:profile/payment-links/']],
] satisfies Row[]).map(entry);
// oxfmt-ignore
const reports: NavEntry = { instead: { route: '/metrics/:profile/activity/', label: 'Reports' }, ...entry(['reports', 'Reports', 'chart', '/metrics/:profile/revenue/', ['/metrics/:profile/plans/', '/metrics/:profile/coupons/', '/metrics/:profile/lifetimevalue/', '/metrics/:profile/activity/', '/metrics/balances/']]) };

// oxfmt-ignore
const themes: NavEntry = { instead: { route: '/proxy/notifications/', label: 'E-mails' }, ...entry(['themes', 'Theme and e-mails', 'brush', '/themes/', ['/proxy/notifications/']]) };
// oxfmt-ignore
const site = [...([
  ['rules',      'Access rules',       'shield', '/proxy/rules/'],
  ['engagement', 'Engagement',         'pulse',  '/proxy/engagement/'],
  ['carts',      'Carts',              'cart',   '/billing/cartitems/'],
  ['activity',   'Activity',           'note',   '/activities/'],
] satisfies Row[]).map(entry), themes, ...([
  ['jobs',       'Jobs',               'refresh', '/site/jobs/'],
  ['audit',      'Audit log',          'eye',    '/site/audit/'],
  ['webhooks',   'Webhooks',           'out',    '/site/webhooks/'],
] satisfies Row[]).map(entry)];

// oxfmt-ignore
const settings = [
  people,
  entry(['processor', 'Payment processor', 'bank', '/billing/:profile/bank/']),
  { ...profile, icon: 'gear' },
  entry(['compliance', 'Trust documents', 'shield', '/profile/:profile/compliance/']),
];

/** Of the site: it exists for the profile of the broker only. */
const setup = entry(['setup', 'Set-up', 'flag', '/metrics/:profile/setup/']);

const bought: NavGroup = { title: 'What we buy', entries: [...purchases, application] };

/** Every menu, in order. */
export const menus: Readonly<Record<NavKind, readonly NavGroup[]>> = {
  visitor: [{ title: null, entries: visitor }],
  subscriber: [
    { title: null, entries: [...purchases, people, profile, application] },
    { title: 'You', entries: you, is_own: true },
  ],
  provider: [
    { title: null, entries: selling },
    { title: 'Money', entries: [seller_charges, ...due_and_funds, reports] },
    { title: 'Settings', entries: settings },
    bought,
  ],
  broker: [
    { title: null, entries: selling },
    { title: 'Money', entries: [charges, ...due_and_funds, ledger, reports] },
    { title: 'Site', entries: site },
    { title: 'Settings', entries: [setup, ...settings] },
    bought,
  ],
};

/** Entries of the account menu, in order. */
// oxfmt-ignore
export const account_entries: readonly NavEntry[] = ([
  ['account',       'My account',         'user',      '/users/:user/'],
  ['security',      'Security',           'lock',      '/users/:user/password/', ['/users/:user/otp/', '/users/:user/pubkey/']],
  ['notifications', 'Notifications',      'bell',      '/users/:user/notifications/'],
  ['connected',     'Your profiles',      'briefcase', '/users/:user/roles/'],
] satisfies Row[]).map(entry);

/** Pages of a provider or the broker that search by `q`, best first: the target of the search field in the top bar. */
export const search_routes = [
  { route: '/activities/accounts/', label: 'Search profiles' },
  { route: '/profile/:profile/subscribers/', label: 'Search subscribers' },
] as const;
