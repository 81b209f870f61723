/**
 * Statements that one operation may send on a warm server, over all connections. `begin`, `commit` and savepoints are
 * not counted; `transactions_max` limits them. bench/README.md explains how they are counted.
 */
export interface Budget {
  readonly statements_max: number;
  readonly transactions_max: number;
  /** Exchanges with the database, each a write to a socket and a response. Absent: not limited. */
  readonly exchanges_max?: number;
}

export const budgets = {
  /** A GET of one object, by an authenticated caller. */
  read_object: { statements_max: 1, transactions_max: 0 },
  /** A page of a list, with its count. */
  read_list: { statements_max: 2, transactions_max: 0 },
  /** A page, with its menu, for a caller who may open it. */
  page: { statements_max: 5, transactions_max: 0 },
  /** A request that the gateway forwards, for a caller that it knows. */
  forward: { statements_max: 0, transactions_max: 0 },
  /** `POST /api/cart` with one plan. */
  add_to_cart: { statements_max: 3, transactions_max: 1, exchanges_max: 2 },
  /** `POST /api/billing/{profile}/checkout` of one item with the test processor. */
  check_out: { statements_max: 13, transactions_max: 2, exchanges_max: 9 },
  /** The same with an `Idempotency-Key`: also claims it, looks for its earlier charge, stores the response. */
  check_out_with_key: { statements_max: 16, transactions_max: 2, exchanges_max: 12 },
  /** Delivery of 100 events that wait, and of the mails that they cause. */
  deliver_100_events: { statements_max: 10, transactions_max: 10 },
  /** Renewal of one subscription of a payer, with its charge by the test processor; each of several in one run. */
  renew_subscription: { statements_max: 17, transactions_max: 2 },
  /** Recognition of the window of one coverage of a payer; each of several in one run. */
  recognise_subscription: { statements_max: 7, transactions_max: 1 },
} as const satisfies Record<string, Budget>;

const search: Budget & { readonly reason: string } = {
  statements_max: 3,
  transactions_max: 0,
  reason: 'counts the searches of the user in the database and reads which profiles the user may search for',
};

const report: Budget & { readonly reason: string } = {
  statements_max: 3,
  transactions_max: 0,
  reason: 'reads the provider and its zone before the bounds of the periods are known',
};

/** Reads that need more statements than `read_object` or `read_list`, with the reason. */
export const exceptions: Readonly<Record<string, Budget & { readonly reason: string }>> = {
  'GET /api/accounts': search,
  'GET /api/accounts/profiles': search,
  'GET /api/accounts/users': search,
  'GET /api/auth/activate/{verification_key}': {
    statements_max: 2,
    transactions_max: 0,
    reason: 'counts the attempts of the network in the database, so that all nodes share the limit',
  },
  'GET /api/billing/payments/{claim_code}': {
    statements_max: 16,
    transactions_max: 0,
    reason: 'computes what is due on an order with the functions of the balance page; opened once for an order',
  },
  'GET /api/billing/{profile}/checkout': {
    statements_max: 7,
    transactions_max: 0,
    reason: 'prices the cart with the functions of the order: which rows a step reads depends on the step before it',
  },
  'GET /api/billing/{profile}/dunning': {
    statements_max: 4,
    transactions_max: 0,
    reason:
      'reads attempts, what is due and the names of plans through the doors of the rooms, for any number of cases',
  },
  'GET /api/billing/{profile}/seats': {
    statements_max: 4,
    transactions_max: 0,
    reason: 'reads claims, their lines, charges and refunds through the doors of the rooms, for any number of seats',
  },
  'GET /api/metrics/{profile}/customers': report,
  'GET /api/metrics/{profile}/funds': report,
  'GET /api/metrics/{profile}/lifetimevalue': report,
  'GET /api/metrics/{profile}/movements': report,
  'GET /api/metrics/{profile}/subscriptions': report,
  'GET /api/metrics/{profile}/federated-profiles': report,
  'GET /api/profile/{profile}/subscribers/dunning': {
    statements_max: 4,
    transactions_max: 0,
    reason:
      'reads attempts, what is due and the names of plans through the doors of the rooms, for any number of cases',
  },
  'GET /api/profile/{profile}/subscriptions/{subscribed_plan}/cancel': {
    statements_max: 16,
    transactions_max: 0,
    reason: 'previews with the functions of the cancellation, so that what is shown is what is refunded',
  },
  'GET /api/profile/{profile}/subscriptions/{subscribed_plan}/change': {
    statements_max: 26,
    transactions_max: 0,
    reason: 'previews with the functions of the change, so that what is shown is what is charged',
  },
  'GET /api/profile/{profile}/subscriptions/{subscribed_plan}/change/pending': {
    statements_max: 5,
    transactions_max: 0,
    reason: 'finds the subscription with the function of the change; read after a change was planned',
  },
  'GET /api/proxy/sessions/{user}': {
    statements_max: 7,
    transactions_max: 0,
    reason: 'loads a caller as the gateway does for its cache, for managers who test a rule',
  },
};

/** Pages that need more statements than `page`, by the pattern of their route, with the reason. */
export const page_exceptions: Readonly<Record<string, Budget & { readonly reason: string }>> = {
  '/billing/payments/:claim_code/': {
    statements_max: 12,
    transactions_max: 0,
    reason: 'follows the order of the link to its charges and balances; opened once for each order that is paid later',
  },
  '/profile/:profile/subscriptions/:plan/stop/': {
    statements_max: 13,
    transactions_max: 0,
    reason:
      'previews with the functions of the cancellation, whose steps depend on each other: orders, coverages, charges, dues',
  },
  '/profile/:profile/subscriptions/:plan/pause/': {
    statements_max: 7,
    transactions_max: 0,
    reason:
      'decides with the functions of the pause, after the subscription is known: open pauses, then payments and balances',
  },
};

/** Pages that are larger than `PAGE_BYTES_MAX`, with the reason. */
export const page_bytes_exceptions: Readonly<Record<string, { readonly bytes_max: number; readonly reason: string }>> =
  {
    '/docs/api/:tag/': {
      bytes_max: 480_000,
      reason: 'all operations of a group with schemas and examples; pages are not compressed, because they hold tokens',
    },
  };

/** Bytes of the first visit of a page as a browser receives them: HTML, style sheets, fonts, scripts, icons. */
export const PAGE_BYTES_MAX = 200_000;
