// The rooms of src/ and what each may import, by door. Every room may import kernel and platform; what is not listed is
// forbidden. Read by .dependency-cruiser.cjs and by tools/check-docs.ts, which compares it with ARCHITECTURE.md.
const rooms = {
  accounts: [],
  profiles: ['accounts'],
  contacts: ['accounts', 'profiles'],
  catalog: ['profiles'],
  ledger: ['profiles'],
  themes: [],
  subscriptions: ['accounts', 'profiles', 'catalog'],
  payments: ['accounts', 'profiles', 'ledger'],
  billing: ['accounts', 'profiles', 'catalog', 'subscriptions', 'ledger', 'payments'],
  gateway: ['accounts', 'profiles', 'catalog', 'subscriptions', 'ledger', 'payments'],
  metrics: ['profiles', 'ledger'],
  notifications: ['accounts', 'profiles', 'contacts', 'subscriptions', 'payments', 'billing'],
};

// The sub-rooms of a room and which other sub-rooms each may import, by their doors. The files at the root of the room are
// open to all of its sub-rooms. A room that is listed here lists every sub-folder that it has.
const subrooms = {
  metrics: { balances: [] },
  accounts: {
    identity: [],
    verifications: ['identity'],
    credentials: ['identity'],
    sessions: ['identity', 'credentials'],
    factors: ['identity', 'verifications', 'credentials', 'sessions'],
    'sign-in': ['identity', 'verifications', 'sessions', 'factors'],
    recovery: ['identity', 'verifications', 'credentials', 'sessions', 'factors'],
    'security-settings': ['identity', 'verifications', 'credentials', 'sessions', 'factors'],
    'api-keys': ['identity', 'credentials', 'sessions', 'factors'],
    'address-changes': ['identity', 'verifications', 'credentials', 'sessions', 'factors'],
    users: ['identity', 'verifications', 'credentials', 'sessions', 'factors', 'address-changes'],
  },
  profiles: {
    records: [],
    agreements: ['records'],
    access: ['records', 'agreements'],
    'role-types': ['records'],
    roles: ['records'],
    members: ['records', 'role-types', 'roles', 'search'],
    profile: ['records', 'agreements', 'roles'],
    accessibles: ['records', 'role-types', 'roles', 'profile'],
    chooser: ['records', 'profile'],
    registration: ['records', 'agreements', 'profile'],
    search: ['records', 'roles', 'profile'],
  },
  catalog: {
    plans: [],
    coupons: ['plans'],
    prices: ['plans', 'coupons'],
  },
  subscriptions: {
    records: [],
    usage: ['records'],
    invitations: ['records'],
    terms: ['records', 'invitations'],
    subscribers: ['records', 'invitations', 'terms'],
    'subscriber-terms': ['records', 'terms', 'subscribers'],
  },
  gateway: {
    rules: [],
    engagements: [],
    upstream: [],
    callers: ['rules', 'engagements'],
    sessions: ['callers', 'engagements'],
    forwarding: ['rules', 'callers', 'sessions'],
    console: ['rules', 'callers', 'sessions', 'engagements', 'upstream'],
  },
  payments: {
    processors: [],
    records: ['processors'],
    cards: ['processors'],
    payouts: ['processors'],
    disputes: ['records'],
    charges: ['processors', 'records', 'cards', 'disputes'],
    refunds: ['processors', 'records', 'charges'],
    intake: ['processors', 'records', 'charges', 'refunds'],
  },
  billing: {
    records: [],
    claims: ['records'],
    quotes: ['records', 'claims'],
    offers: ['records'],
    cart: ['records', 'claims', 'quotes'],
    'cart-items': ['records', 'quotes', 'cart'],
    orders: ['records', 'claims', 'quotes'],
    cards: [],
    checkout: ['records', 'claims', 'quotes', 'cart', 'orders', 'cards'],
    receipts: ['records', 'quotes', 'orders', 'cards'],
  },
};

module.exports = { rooms, subrooms };
