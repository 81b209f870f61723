import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { account_entries, menus } from '#platform/pages/nav-entries';
import { startApp, type TestApp } from '../support/start-app.ts';

/** Addresses of the documented pages with the template that each shows; null: it redirects or sends a file. */
const documented: Readonly<Record<string, string | null>> = {
  '/login/': 'login/index.html',
  '/login/:verification_key/': 'login/verification_key.html',
  '/register/': 'login/index.html',
  '/recover/': 'login/recover.html',
  '/logout/': 'login/logout.html',
  '/pricing/': 'saas/pricing.html',
  '/redeem/': 'saas/redeem.html',
  '/contact/': 'contact.html',
  '/legal/': 'saas/legal/index.html',
  '/legal/:agreement/': 'saas/legal/agreement.html',
  '/legal/:agreement/sign/': 'saas/legal/sign.html',
  '/docs/api/': 'api_docs/index.html',
  '/docs/api/notifications/': 'api_docs/notifications.html',
  '/billing/payments/:claim_code/': 'saas/billing/checkout.html',
  '/billing/:profile/cart/': 'saas/billing/cart.html',
  '/billing/:profile/cart-periods/': 'saas/billing/cart-periods.html',
  '/billing/:profile/cart-seats/': 'saas/billing/cart-seats.html',
  '/billing/:profile/checkout/': 'saas/billing/checkout.html',
  '/billing/:profile/card/': 'saas/billing/card.html',
  '/billing/:profile/balance/': 'saas/billing/balance.html',
  '/billing/:profile/history/': 'saas/billing/index.html',
  '/billing/:profile/receipt/:charge/': 'saas/billing/receipt.html',
  '/billing/:profile/receipt/:charge/printable/': 'saas/printable_charge_receipt.html',
  '/profile/:profile/contact/': 'saas/profile/index.html',
  '/profile/:profile/roles/': 'saas/profile/roles/index.html',
  '/profile/:profile/roles/:role/': 'saas/profile/roles/role.html',
  '/profile/:profile/subscriptions/': 'saas/profile/subscriptions.html',
  '/profile/': 'saas/profile_redirects.html',
  '/users/': null,
  '/users/:user/': 'users/index.html',
  '/users/:user/roles/': 'saas/users/roles.html',
  '/users/:user/otp/': 'users/otp.html',
  '/users/:user/password/': 'users/password.html',
  '/users/:user/pubkey/': 'users/pubkey.html',
  '/users/:user/notifications/': 'users/notifications.html',
  '/metrics/:profile/dashboard/': 'saas/metrics/dashboard.html',
  '/metrics/:profile/revenue/': 'saas/metrics/revenue.html',
  '/metrics/:profile/plans/': 'saas/metrics/plans.html',
  '/metrics/:profile/coupons/:coupon/': 'saas/metrics/coupons.html',
  '/metrics/:profile/lifetimevalue/': 'saas/metrics/lifetimevalue.html',
  '/metrics/:profile/balances-due/': 'saas/metrics/balances_due.html',
  '/metrics/:profile/activity/': 'saas/metrics/activity.html',
  '/billing/:profile/bank/': 'saas/billing/bank.html',
  '/billing/:profile/coupons/': 'saas/billing/coupons.html',
  '/billing/:profile/transfers/': 'saas/billing/transfers.html',
  '/billing/:profile/transfers/import/': 'saas/billing/import.html',
  '/billing/:profile/transfers/withdraw/': 'saas/billing/withdraw.html',
  '/profile/:profile/plans/': 'saas/profile/plans/index.html',
  '/profile/:profile/plans/new/': 'saas/profile/plans/plan.html',
  '/profile/:profile/plans/:plan/': 'saas/profile/plans/plan.html',
  '/profile/:profile/plans/:plan/subscribers/': 'saas/profile/plans/subscribers.html',
  '/profile/:profile/subscribers/': 'saas/profile/subscribers.html',
  '/profile/:profile/compliance/': 'saas/profile/compliance/index.html',
  '/billing/charges/': 'saas/billing/charges.html',
  '/billing/transactions/': 'saas/billing/transactions.html',
  '/billing/transactions/:selector/': 'saas/billing/transactions.html',
  '/billing/cartitems/': 'saas/billing/cartitems/index.html',
  '/billing/cartitems/:user/': 'saas/billing/cartitems/user.html',
  '/metrics/balances/:report/': 'saas/metrics/balances.html',
  '/activities/': null,
  '/activities/accounts/': 'activities/accounts/index.html',
  '/activities/accounts/:account/': 'activities/accounts/account.html',
  '/activities/contacts/': 'activities/contacts/index.html',
  '/activities/contacts/:contact/': 'activities/contacts/contact.html',
  '/proxy/rules/': 'rules/app_dashboard.html',
  '/proxy/engagement/': 'rules/engagement.html',
  '/proxy/notifications/:slug/': 'notification/detail.html',
  '/themes/': 'extended_templates/theme.html',
  '/themes/download/': null,
};

/** Pages that do not exist yet. The list only shrinks: a page that exists must be removed. */
const missing: readonly string[] = [
  '/docs/api/notifications/',
  '/profile/:profile/compliance/',
  '/themes/',
  '/themes/download/',
];

let app: TestApp;
before(async () => {
  app = await startApp();
});
after(() => app.close());

/** An address without the names of its parameters, which are free. */
const shape = (url: string) => url.replace(/:[a-z_]+/g, ':').replace(/\/$/, '');

function served(): Set<string> {
  const pages = app.http.routeList.filter(({ method, passthrough }) => method === 'GET' && !passthrough);
  return new Set(pages.map(({ url }) => shape(url)));
}

test('every documented page is served, except those that are listed as missing', () => {
  const addresses = served();
  const absent = Object.keys(documented).filter((url) => !addresses.has(shape(url)));
  assert.deepEqual(absent.toSorted(), missing.toSorted());
});

test('a page that is served has its documented template', () => {
  const templates = new Set(
    app.tollgate.rooms.flatMap(({ page_types = [] }) => page_types).map((page) => page.template),
  );
  const addresses = served();
  for (const [url, template] of Object.entries(documented))
    if (template !== null && addresses.has(shape(url)) && !url.startsWith('/docs/'))
      assert.ok(templates.has(template), `${url} shows ${template}`);
});

/** Pages outside the menus, with the place that leads to them. */
const linked_elsewhere: Readonly<Record<string, string>> = {
  '/metrics/registered/': 'the subscribers of the broker',
  '/metrics/registered/download/': 'the page of registered users',
  '/metrics/:profile/balances/download/': 'the page of revenue',
  '/metrics/:profile/customers/download/': 'the page of revenue',
  '/metrics/:profile/recurring-revenue/download/': 'the page of revenue',
  '/metrics/:profile/deferred-income/download/': 'the page of revenue',
  '/metrics/:profile/receivables/download/': 'the page of revenue',
  '/metrics/:profile/entries/': 'the figures of the page of revenue',
  '/metrics/:profile/entries/download/': 'the page of entries',
  '/metrics/:profile/subscriptions/': 'the figures of the page of plans',
  '/metrics/:profile/subscriptions/download/': 'the page of subscriptions',
  '/metrics/:profile/federated/': 'the links of the page of revenue',
  '/metrics/:profile/federated-profiles/': 'the figures of the page of the federation',
  '/metrics/:profile/federated-profiles/download/': 'the page of the profiles of a federation',
  '/metrics/:profile/movements/': 'the figures of the page of revenue',
  '/metrics/:profile/movements/download/': 'the page of movements',
  '/docs/api/': 'the footer',
  '/legal/': 'the footer, by its documents',
  '/logout/': 'the account menu',
  '/register/': 'the page that signs in',
  '/recover/': 'the page that signs in',
  '/redeem/': 'links with a code',
  '/users/': 'redirects to the account',
  '/users/verify/': 'the account',
  '/users/roles/': 'redirects to the connected profiles',
  '/users/roles/accept/': 'redirects to the connected profiles',
  '/profile/': 'redirects to a profile, or shows a choice',
  '/profile/:profile/': 'redirects to the contact details',
  '/profile/:profile/picture/': 'the contact details',
  '/profile/:profile/remove-role/:user/': 'the people of a profile',
  '/profile/:profile/download/roles/': 'the people of a profile',
  '/billing/:profile/cancel-balance/': 'the billing page of a subscriber who owes',
  '/billing/:profile/credit-notes/download/': 'the page of a credit note',
  '/billing/': 'redirects to a profile, or shows a choice',
  '/billing/cart/': 'redirects to a profile, or shows a choice',
  '/billing/cart/finish/': 'the page that leads to the bank, and the bank',
};

test('a page without further parameters is in a menu, below an entry of one, or linked elsewhere', () => {
  const in_menus = [
    ...Object.values(menus).flatMap((groups) => groups.flatMap(({ entries }) => entries)),
    ...account_entries,
  ];
  const starts = in_menus.flatMap(({ route, covers = [], instead }) => {
    const target = served().has(shape(route)) ? route : instead?.route;
    // What an entry covers counts only if the entry is shown.
    return target === undefined || !served().has(shape(target)) ? [] : [target, ...covers];
  });
  const hidden = app.http.routeList
    .filter(
      ({ method, page, passthrough, url }) => method === 'GET' && page && !passthrough && !url.startsWith('/_dev/'),
    )
    .map(({ url }) => url)
    .filter((url) => !/:(?!profile\b|user\b)/.test(url) && !starts.some((start) => url.startsWith(start)))
    .filter((url) => !Object.hasOwn(linked_elsewhere, url));
  assert.deepEqual(hidden, []);
});
