// The rooms of src/ and what each may import, by door. Everyone may import kernel and platform; what is not listed is
// forbidden. Read by .dependency-cruiser.cjs and by tools/check-docs.ts, which holds it against ARCHITECTURE.md.
const rooms = {
  accounts: [],
  profiles: ['accounts'],
  contacts: ['accounts', 'profiles'],
  catalog: ['accounts', 'profiles'],
  ledger: ['accounts', 'profiles'],
  themes: ['accounts', 'profiles'],
  subscriptions: ['accounts', 'profiles', 'catalog'],
  payments: ['accounts', 'profiles', 'ledger'],
  billing: ['accounts', 'profiles', 'catalog', 'subscriptions', 'ledger', 'payments'],
  gateway: ['accounts', 'profiles', 'subscriptions'],
  metrics: ['accounts', 'profiles', 'catalog', 'subscriptions', 'ledger'],
  notifications: ['accounts', 'profiles'],
};

// May import the types (never the values) of every room's door: it listens to what they tell.
const listeners = ['notifications'];

module.exports = { rooms, listeners };
