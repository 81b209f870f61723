import { withNext } from './next.ts';

const e = (text: string) => encodeURIComponent(text.toWellFormed());

/** Every path of the site that code builds; no other file builds a path. Pages end in a slash, API paths do not. */
export const paths = {
  home: () => '/',
  undo: (key: string) => `/undo/${e(key)}/`,
  login: (next?: string | null) => withNext('/login/', next),
  logout: () => '/logout/',
  colours: () => '/colours/',
  /** Takes the reports of browsers about content that the policy of a payment page blocked. */
  policyReports: () => '/api/policy-reports',
  register: (next?: string | null) => withNext('/register/', next),
  recover: (next?: string | null) => withNext('/recover/', next),
  activate: (key: string, next?: string | null) => withNext(`/login/${e(key)}/`, next),
  verifyEmail: (next?: string | null) => withNext('/users/verify/', next),
  userOtp: (username: string) => `/users/${e(username)}/otp/`,
  stopChange: (key: string) => `/users/stop/${e(key)}/`,
  /** `period`: the prices of 12 months. */
  pricing: (next?: string | null, period?: 'yearly') =>
    withNext(period === undefined ? '/pricing/' : `/pricing/?period=${period}`, next),
  /** The pricing page with the form of one plan in its place. */
  editInPlace: (plan: string, next?: string | null, period?: 'yearly') =>
    `${withNext(`/pricing/?edit=${e(plan)}${period === undefined ? '' : `&period=${period}`}`, next)}#plan-${e(plan)}`,
  planInPlace: (profile: string, plan: string, next?: string | null, period?: 'yearly') =>
    withNext(
      `/profile/${e(profile)}/plans/${e(plan)}/in-place/${period === undefined ? '' : `?period=${period}`}`,
      next,
    ),
  redeem: (code?: string) => (code === undefined ? '/redeem/' : `/redeem/?code=${e(code)}`),
  contact: () => '/contact/',
  legal: (slug?: string) => (slug === undefined ? '/legal/' : `/legal/${e(slug)}/`),
  legalSign: (slug: string, next?: string | null) => withNext(`/legal/${e(slug)}/sign/`, next),
  app: (profile?: string, rest = '') => (profile === undefined ? '/app/' : `/app/${e(profile)}/${rest}`),
  user: (username: string) => `/users/${e(username)}/`,
  userPassword: (username: string, next?: string | null) => withNext(`/users/${e(username)}/password/`, next),
  /** API keys and SSH key of a user; with a key, the confirmation before it is deleted. */
  userKeys: (username: string, key?: string) => `/users/${e(username)}/pubkey/${key === undefined ? '' : `${e(key)}/`}`,
  userNotifications: (username: string) => `/users/${e(username)}/notifications/`,
  /** Confirmation before an account is deleted. */
  deleteUser: (username: string) => `/users/${e(username)}/delete/`,
  userRoles: (username: string) => `/users/${e(username)}/roles/`,
  userRolesDownload: (username: string) => `/users/${e(username)}/roles/download/`,
  roleAccept: (key: string) => `/users/roles/accept/${e(key)}/`,
  profile: (slug: string) => `/profile/${e(slug)}/contact/`,
  profilePicture: (slug: string) => `/profile/${e(slug)}/picture/`,
  userPicture: (username: string) => `/users/${e(username)}/picture/`,
  picture: (key: string) => `/pictures/${key}`,
  profileChooser: () => '/profile/',
  /** Confirmation before a person loses the role, the invitation or the request on a profile. */
  removeRole: (slug: string, username?: string) =>
    `/profile/${e(slug)}/remove-role/${username === undefined ? '' : `${e(username)}/`}`,
  roles: (slug: string, role?: string) => `/profile/${e(slug)}/roles/${role === undefined ? '' : `${e(role)}/`}`,
  /** A role type can have the slug `download`, so the word stands in front. */
  rolesDownload: (slug: string, role?: string) =>
    `/profile/${e(slug)}/download/roles/${role === undefined ? '' : `${e(role)}/`}`,
  subscriptions: (slug: string) => `/profile/${e(slug)}/subscriptions/`,
  subscriptionsDownload: (slug: string, query: URLSearchParams) =>
    `/profile/${e(slug)}/subscriptions/download/${query.size === 0 ? '' : `?${query.toString()}`}`,
  pauseSubscription: (slug: string, plan: string) => `/profile/${e(slug)}/subscriptions/${e(plan)}/pause/`,
  /** The page that cancels; `choice` is the cancellation that it shows. */
  stopSubscription: (slug: string, plan: string, choice?: { at: string; refund: string }) => {
    const query = choice === undefined ? '' : `?at=${e(choice.at)}&refund=${e(choice.refund)}`;
    return `/profile/${e(slug)}/subscriptions/${e(plan)}/stop/${query}`;
  },
  trial: (slug: string, plan: string) => `/profile/${e(slug)}/subscriptions/${e(plan)}/trial/`,
  changeSubscription: (slug: string, plan: string) => `/profile/${e(slug)}/subscriptions/${e(plan)}/change/`,
  subscriptionAccept: (slug: string, key: string) => `/profile/${e(slug)}/subscriptions/accept/${e(key)}/`,
  subscribers: (slug: string) => `/profile/${e(slug)}/subscribers/`,
  subscribersDownload: (slug: string) => `/profile/${e(slug)}/subscribers/download/`,
  subscribersPastDue: (slug: string) => `/profile/${e(slug)}/subscribers/past-due/`,
  subscribersPastDueDownload: (slug: string) => `/profile/${e(slug)}/subscribers/past-due/download/`,
  dunningTerms: (slug: string) => `/profile/${e(slug)}/subscribers/past-due/rules/`,
  subscribersAccept: (slug: string, key: string) => `/profile/${e(slug)}/subscribers/accept/${e(key)}/`,
  rules: () => '/proxy/rules/',
  newRule: () => '/proxy/rules/new/',
  rule: (id: number) => `/proxy/rules/${id}/`,
  deleteRule: (id: number) => `/proxy/rules/${id}/delete/`,
  /** The rules with what they decide about a path for a person. */
  tryRules: (tried: { path: string; as: string; user: string; method: string }) =>
    `/proxy/rules/?${new URLSearchParams(tried).toString()}#try`,
  application: () => '/proxy/rules/application/',
  sessionKey: () => '/proxy/rules/application/key/',
  engagement: () => '/proxy/engagement/',
  engagementDownload: () => '/proxy/engagement/download/',
  activity: (slug: string) => `/metrics/${e(slug)}/activity/`,
  activityDownload: (slug: string) => `/metrics/${e(slug)}/activity/download/`,
  /** Pages of the provider that change the subscription of one subscriber. */
  subscriber: (slug: string, which: { subscriber: string; plan: string }, action: 'extend' | 'cancel' | 'note') =>
    `/profile/${e(slug)}/subscribers/${e(which.subscriber)}/${e(which.plan)}/${action}/`,
  /** Notes of a provider about a subscriber. */
  subscriberNotes: (slug: string, subscriber: string) => `/profile/${e(slug)}/notes/${e(subscriber)}/`,
  plans: (slug: string) => `/profile/${e(slug)}/plans/`,
  plansDownload: (slug: string) => `/profile/${e(slug)}/plans/download/`,
  planNew: (slug: string) => `/profile/${e(slug)}/plans/new/`,
  plan: (slug: string, plan: string) => `/profile/${e(slug)}/plans/${e(plan)}/`,
  planDelete: (slug: string, plan: string) => `/profile/${e(slug)}/plans/${e(plan)}/delete/`,
  planSubscribers: (slug: string, plan: string) => `/profile/${e(slug)}/plans/${e(plan)}/subscribers/`,
  planSubscribersDownload: (slug: string, plan: string) => `/profile/${e(slug)}/plans/${e(plan)}/subscribers/download/`,
  coupons: (slug: string) => `/billing/${e(slug)}/coupons/`,
  couponsDownload: (slug: string) => `/billing/${e(slug)}/coupons/download/`,
  coupon: (slug: string, code: string) => `/billing/${e(slug)}/coupons/${e(code)}/`,
  couponDelete: (slug: string, code: string) => `/billing/${e(slug)}/coupons/${e(code)}/delete/`,
  /** The uses of a coupon. */
  couponUses: (slug: string, code: string) => `/metrics/${e(slug)}/coupons/${e(code)}/`,
  couponUsesDownload: (slug: string, code: string) => `/metrics/${e(slug)}/coupons/${e(code)}/download/`,
  /** Reports of a provider; `search` has the periods. */
  revenue: (slug: string, tab?: string, search: URLSearchParams = new URLSearchParams()) => {
    const params = new URLSearchParams(search);
    if (tab !== undefined) params.set('tab', tab);
    const query = params.toString();
    return `/metrics/${e(slug)}/revenue/${query === '' ? '' : `?${query}`}`;
  },
  planReport: (slug: string) => `/metrics/${e(slug)}/plans/`,
  /** The reports of the federation of a provider. */
  federation: (slug: string) => `/metrics/${e(slug)}/federated/`,
  reportDownload: (slug: string, report: string, search: URLSearchParams = new URLSearchParams()) =>
    `/metrics/${e(slug)}/${e(report)}/download/${search.size === 0 ? '' : `?${search.toString()}`}`,
  /** The rows behind a point of a report: `entries`, `subscriptions`, …; `search` has the point. */
  metricRows: (slug: string, rows: string, search: URLSearchParams = new URLSearchParams()) =>
    `/metrics/${e(slug)}/${e(rows)}/${search.size === 0 ? '' : `?${search.toString()}`}`,
  lifetimeValue: (slug: string) => `/metrics/${e(slug)}/lifetimevalue/`,
  balancesDue: (slug: string) => `/metrics/${e(slug)}/balances-due/`,
  registered: () => '/metrics/registered/',
  registeredDownload: () => '/metrics/registered/download/',
  balanceSheet: (report: string, year?: number) =>
    `/metrics/balances/${e(report)}/${year === undefined ? '' : `${year}/`}`,
  balanceSheetDownload: (report: string, year?: number) =>
    `/metrics/balances/${e(report)}/${year === undefined ? '' : `${year}/`}download/`,
  setUp: (slug: string) => `/metrics/${e(slug)}/setup/`,
  dashboard: (slug: string, period?: string) =>
    `/metrics/${e(slug)}/dashboard/${period === undefined ? '' : `?period=${e(period)}`}`,
  dashboardDownload: (slug: string, unit: string, period: string) =>
    `/metrics/${e(slug)}/dashboard/download/${e(unit)}/?period=${e(period)}`,
  /** Without a profile: the page on which the user chooses one. */
  cart: (profile?: string | null, options: { plan?: string | null; next?: string | null } = {}) => {
    const path = profile === undefined || profile === null ? '/billing/cart/' : `/billing/${e(profile)}/cart/`;
    return withNext(options.plan ? `${path}?plan=${e(options.plan)}` : path, options.next);
  },
  cartPeriods: (profile: string) => `/billing/${e(profile)}/cart-periods/`,
  /** To which the bank sends the browser after a confirmation. */
  finishPayment: () => '/billing/cart/finish/',
  checkout: (profile: string, next?: string | null) => withNext(`/billing/${e(profile)}/checkout/`, next),
  balance: (profile: string, plan?: string, next?: string | null) =>
    withNext(`/billing/${e(profile)}/balance/${plan === undefined ? '' : `${e(plan)}/`}`, next),
  /** What is due after a failed charge, and the attempts. */
  dunning: (profile: string) => `/billing/${e(profile)}/dunning/`,
  dunningDownload: (profile: string) => `/billing/${e(profile)}/dunning/download/`,
  history: (profile: string) => `/billing/${e(profile)}/history/`,
  credits: (profile: string) => `/billing/${e(profile)}/credits/`,
  creditsDownload: (profile: string) => `/billing/${e(profile)}/credits/download/`,
  giveCredit: (profile: string) => `/billing/${e(profile)}/credits/give/`,
  payOutCredit: (profile: string, number: number) => `/billing/${e(profile)}/credits/${number}/refund/`,
  historyDownload: (profile: string) => `/billing/${e(profile)}/history/download/`,
  cartSeats: (profile: string, options: { plan?: string | null; next?: string | null } = {}) => {
    const path = `/billing/${e(profile)}/cart-seats/`;
    return withNext(options.plan ? `${path}?plan=${e(options.plan)}` : path, options.next);
  },
  seats: (profile: string) => `/billing/${e(profile)}/seats/`,
  seatsDownload: (profile: string) => `/billing/${e(profile)}/seats/download/`,
  revokeSeat: (profile: string, seat: number) => `/billing/${e(profile)}/seats/${seat}/revoke/`,
  card: (profile: string) => `/billing/${e(profile)}/card/`,
  removeCard: (profile: string) => `/billing/${e(profile)}/card/remove/`,
  printableReceipt: (profile: string, charge: string) => `/billing/${e(profile)}/receipt/${e(charge)}/printable/`,
  document: (profile: string, provider: string, number: string) =>
    `/billing/${e(profile)}/documents/${e(provider)}/${e(number)}/`,
  creditNotesDownload: (profile: string) => `/billing/${e(profile)}/credit-notes/download/`,
  documentDownload: (profile: string, provider: string, number: string) =>
    `/billing/${e(profile)}/documents/${e(provider)}/${e(number)}/download/`,
  receiptDownload: (profile: string, charge: string) => `/billing/${e(profile)}/receipt/${e(charge)}/download/`,
  receipt: (profile: string, charge: string, next?: string | null) =>
    withNext(`/billing/${e(profile)}/receipt/${e(charge)}/`, next),
  refund: (profile: string, charge: string, next?: string | null) =>
    withNext(`/billing/${e(profile)}/receipt/${e(charge)}/refund/`, next),
  charges: () => '/billing/charges/',
  chargesDownload: () => '/billing/charges/download/',
  /** The charges with lines of a provider. */
  sellerCharges: (provider: string) => `/billing/${e(provider)}/charges/`,
  sellerChargesDownload: (provider: string) => `/billing/${e(provider)}/charges/download/`,
  sellerCharge: (provider: string, charge: string, next?: string | null) =>
    withNext(`/billing/${e(provider)}/charges/${e(charge)}/`, next),
  sellerRefund: (provider: string, charge: string, next?: string | null) =>
    withNext(`/billing/${e(provider)}/charges/${e(charge)}/refund/`, next),
  paymentLink: (claim_code: string) => `/billing/payments/${e(claim_code)}/`,
  /** To which the bank sends the browser of a visitor after a confirmation. */
  finishPaymentLink: (claim_code: string) => `/billing/payments/${e(claim_code)}/?from=bank`,
  /** Pays what is due after a failed charge, without signing in. */
  finishLink: (key: string) => `/billing/finish/${e(key)}/`,
  /** To which the bank sends the browser of its reader after a confirmation. */
  returnToFinishLink: (key: string) => `/billing/finish/${e(key)}/?from=bank`,
  paymentLinks: (profile: string) => `/billing/${e(profile)}/payment-links/`,
  paymentLinksDownload: (profile: string) => `/billing/${e(profile)}/payment-links/download/`,
  transfers: (profile: string) => `/billing/${e(profile)}/transfers/`,
  transfersDownload: (profile: string) => `/billing/${e(profile)}/transfers/download/`,
  importPayments: (profile: string) => `/billing/${e(profile)}/transfers/import/`,
  adjustments: (profile: string) => `/billing/${e(profile)}/adjustments/`,
  adjustmentsDownload: (profile: string) => `/billing/${e(profile)}/adjustments/download/`,
  reverseAdjustment: (profile: string, key: string) => `/billing/${e(profile)}/adjustments/${e(key)}/reverse/`,
  cancelBalance: (profile: string, is_paid = false) =>
    `/billing/${e(profile)}/cancel-balance/${is_paid ? '?paid=1' : ''}`,
  withdraw: (profile: string) => `/billing/${e(profile)}/transfers/withdraw/`,
  bank: (profile: string) => `/billing/${e(profile)}/bank/`,
  disconnectBank: (profile: string) => `/billing/${e(profile)}/bank/disconnect/`,
  receivables: (profile: string) => `/billing/${e(profile)}/receivables/`,
  receivablesDownload: (profile: string) => `/billing/${e(profile)}/receivables/download/`,
  apiCharge: (profile: string, charge: string) => `/api/billing/${e(profile)}/charges/${e(charge)}`,
  activities: () => '/activities/',
  /** Every profile of the site, and the file of one. */
  accounts: (slug?: string, next?: string | null) =>
    slug === undefined ? '/activities/accounts/' : withNext(`/activities/accounts/${e(slug)}/`, next),
  accountsDownload: () => '/activities/download/accounts/',
  /** Every user and contact of the site, and the file of one. */
  contacts: (name?: string, next?: string | null) =>
    name === undefined ? '/activities/contacts/' : withNext(`/activities/contacts/${e(name)}/`, next),
  /** Form that records a person who has no account. */
  newContact: () => '/activities/new/',
  contactsDownload: () => '/activities/download/contacts/',
  /** The whole ledger, or the entries on accounts whose names contain the selector. */
  transactions: (selector?: string) => `/billing/transactions/${selector === undefined ? '' : `${e(selector)}/`}`,
  /** The entries before an instant on accounts whose names contain a selector. */
  apiTransactions: (selector: string, ends_at: string) =>
    `/api/billing/transactions?${new URLSearchParams({ selector, ends_at }).toString()}`,
  transactionsDownload: () => '/billing/transactions/download/',
  /** The carts of all users; with a user, one cart; with an item, the form that changes it. */
  cartItems: (username?: string, item?: number) =>
    `/billing/cartitems/${username === undefined ? '' : `${e(username)}/`}${item === undefined ? '' : `${item}/`}`,
  cartItemsDownload: (username?: string) =>
    username === undefined ? '/billing/cartitems/download/' : `/billing/cartitems/${e(username)}/download/`,
  removeCartItem: (username: string, item: number) => `/billing/cartitems/${e(username)}/${item}/remove/`,
  /** The schedules of the site. */
  jobs: () => '/site/jobs/',
  jobsDownload: () => '/site/jobs/download/',
  /** Jobs and events that failed. */
  failedWork: () => '/site/jobs/failed/',
  failedWorkDownload: () => '/site/jobs/failed/download/',
  /** Profiles that jobs leave alone. */
  parkedProfiles: () => '/site/jobs/parked/',
  parkedProfilesDownload: () => '/site/jobs/parked/download/',
  /** Messages of payment processors that could not be handled. */
  parkedMessages: () => '/site/jobs/messages/',
  parkedMessagesDownload: () => '/site/jobs/messages/download/',
  /** Form that asks why a message is ignored. */
  ignoreMessage: (event_key: string) => `/site/jobs/messages/${e(event_key)}/ignore/`,
  /** The e-mails of the site, and the preview of one. */
  mailPreview: (slug?: string) => `/proxy/notifications/${slug === undefined ? '' : `${e(slug)}/`}`,
  mailPreviewFrame: (slug: string) => `/proxy/notifications/${e(slug)}/iframe/`,
  /** A report of a provider, or a list of rows behind its points. */
  apiMetrics: (profile: string, report: string) => `/api/metrics/${e(profile)}/${e(report)}`,
  apiSessionProfiles: () => '/api/proxy/session/profiles',
  apiSubscription: (profile: string, plan: string) => `/api/profile/${e(profile)}/subscriptions/${e(plan)}`,
  apiSubscriber: (provider: string, plan: string, profile: string) =>
    `/api/profile/${e(provider)}/plans/${e(plan)}/subscriptions/${e(profile)}`,
  apiSubscribersAccept: (provider: string, key: string) => `/api/profile/${e(provider)}/subscribers/accept/${e(key)}`,
  apiAccessible: (user: string, role: string, profile: string) =>
    `/api/users/${e(user)}/accessibles/${e(role)}/${e(profile)}`,
  apiAccessiblesAccept: (user: string, key: string) => `/api/users/${e(user)}/accessibles/accept/${e(key)}`,
  apiRole: (profile: string, role: string, user?: string) =>
    `/api/profile/${e(profile)}/roles/${e(role)}${user === undefined ? '' : `/${e(user)}`}`,
} as const;
