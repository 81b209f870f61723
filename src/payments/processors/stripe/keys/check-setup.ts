import { Stripe } from 'stripe';
import type { SetupReport } from '../../setup.ts';
import { inTransaction } from '#platform/db/database';
import { API_VERSION } from '../stripe-client.ts';
import { event_types } from '../stripe-intake.ts';
import type { StripeNeeds } from '../stripe-needs.ts';
import { findKnownAccount, storeAccount } from './account-store.ts';

/** The longest that one question may take, and how many are asked at once. */
const TIMEOUT_MS = 10_000;
const AT_ONCE = 4;

/** Endpoints of the site, by their paths. */
export const endpoint_paths = [
  ['platform', '/api/stripe/postevent'],
  ['connect', '/api/stripe/postevent/connect'],
] as const;

type Ask = (client: Stripe, options: Stripe.RequestOptions) => Promise<unknown>;

/** One question for each permission that the adapter needs, by the name of the permission at Stripe. */
const questions: readonly (readonly [permission: string, ask: Ask])[] = [
  ['Customers', (client, options) => client.customers.list({ limit: 1 }, options)],
  ['PaymentIntents', (client, options) => client.paymentIntents.list({ limit: 1 }, options)],
  ['SetupIntents', (client, options) => client.setupIntents.list({ limit: 1 }, options)],
  ['Refunds', (client, options) => client.refunds.list({ limit: 1 }, options)],
  ['Disputes', (client, options) => client.disputes.list({ limit: 1 }, options)],
  ['Early fraud warnings', (client, options) => client.radar.earlyFraudWarnings.list({ limit: 1 }, options)],
  ['Payouts', (client, options) => client.payouts.list({ limit: 1 }, options)],
  ['Balance transactions', (client, options) => client.balanceTransactions.list({ limit: 1 }, options)],
  ['Events', (client, options) => client.events.list({ limit: 1 }, options)],
  ['Webhook endpoints', (client, options) => client.webhookEndpoints.list({ limit: 1 }, options)],
  ['Application fees', (client, options) => client.applicationFees.list({ limit: 1 }, options)],
  ['Accounts', (client, options) => client.accounts.list({ limit: 1 }, options)],
];

/**
 * Asks Stripe for the account of the key, its permissions and the endpoints of this site. Rejects if Stripe cannot be
 * reached, or refuses the key.
 */
export async function checkSetup({ client, clock, db, settings }: StripeNeeds, origin: string): Promise<SetupReport> {
  const options = { timeout: TIMEOUT_MS, maxNetworkRetries: 0 };
  let account: Stripe.Account | null = null;
  const asked: typeof questions = [
    ['Account', async () => void (account = await client.accounts.retrieveCurrent({}, options))],
    ...questions,
  ];
  const refused = await inTurn(asked, async ([permission, ask]) => {
    try {
      await ask(client, options);
      return [];
    } catch (error) {
      if (error instanceof Stripe.errors.StripePermissionError) return [permission];
      throw error;
    }
  });
  const missing = refused.flat();
  const differing = await compareAccount({ clock, db }, account);
  const endpoints = missing.includes('Webhook endpoints') ? null : await findEndpoints(client, options);
  const states = endpoint_paths.map(([name, path]) => {
    const state = endpoints === null ? 'unknown' : stateOf(endpoints.filter(({ url }) => url === `${origin}${path}`));
    return { name, state, url: `${origin}${path}` };
  });
  const mode = /^(sk|rk)_live_/.test(settings.secret_key) ? 'live' : 'test';
  const facts = { mode, endpoints: states, missing_permissions: missing, api_version: API_VERSION } as const;
  return {
    ...facts,
    account: accountFacts(account),
    line: [
      `stripe ${accountText(account)} ${mode} mode`,
      `endpoints: ${states.map((each) => `${each.name} ${each.state}`).join(', ')}`,
      `permissions: ok${missing.length === 0 ? '' : ` but ${missing.join(', ')}`}`,
      `api ${API_VERSION}`,
    ].join('; '),
    faults: [
      ...missing.map((permission) => `The key lacks the permission to read: ${permission}.`),
      ...states.flatMap(({ name: endpoint, state, url }) =>
        state === 'ok' ? [] : [`The ${endpoint} endpoint ${url} is ${state}.`],
      ),
      ...differing,
      ...(mayCharge(account) ? [] : ['The account cannot charge cards yet: complete its details at Stripe.']),
    ],
  };
}

/** Stores the account of the key when it is first seen, and says so if payments were made on another one. */
async function compareAccount(
  { clock, db }: Pick<StripeNeeds, 'clock' | 'db'>,
  account: Stripe.Account | null,
): Promise<string[]> {
  if (account === null) return [];
  const known = await findKnownAccount(db);
  if (known === null) await inTransaction(db, (tx) => storeAccount(tx, account.id, clock.now()));
  if (known === null || known === account.id) return [];
  return [
    `The key is of the account ${account.id}, and payments so far were made on ${known}: if that is right, store it as one of another account on the page of the processor, or with tollgate payments set-key --other-account.`,
  ];
}

function accountFacts(account: Stripe.Account | null): SetupReport['account'] {
  if (account === null) return null;
  const { id, business_profile, settings, country = '?', default_currency: unit = '?' } = account;
  return { key: id, name: business_profile?.name ?? settings?.dashboard.display_name ?? 'unnamed', country, unit };
}

function accountText(account: Stripe.Account | null): string {
  const facts = accountFacts(account);
  if (facts === null) return 'account unknown';
  const { key, name, country, unit } = facts;
  return `${key} (${name}, ${country}, ${unit})`;
}

/** True unless Stripe says otherwise. */
function mayCharge(account: Stripe.Account | null): boolean {
  return account?.charges_enabled !== false;
}

/** Finds the endpoints of the account of the key. */
export async function findEndpoints(client: Stripe, options: Stripe.RequestOptions): Promise<Stripe.WebhookEndpoint[]> {
  const found: Stripe.WebhookEndpoint[] = [];
  for await (const endpoint of client.webhookEndpoints.list({ limit: 100 }, options)) found.push(endpoint);
  return found;
}

/** Returns the state of the best endpoint with an address. Pure. */
export function stateOf(endpoints: readonly Stripe.WebhookEndpoint[]): string {
  const states = endpoints.map(({ status, enabled_events, api_version }) => {
    if (status !== 'enabled') return status;
    const absent = enabled_events.includes('*') ? [] : event_types.filter((type) => !enabled_events.includes(type));
    if (absent.length > 0) return `without ${absent.join(', ')}`;
    return api_version === null || api_version === API_VERSION ? 'ok' : `of version ${api_version}`;
  });
  return states.find((state) => state === 'ok') ?? states[0] ?? 'missing';
}

/** Maps items with at most AT_ONCE calls at the same time. */
async function inTurn<Item, Result>(items: readonly Item[], map: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < items.length; start += AT_ONCE)
    results.push(...(await Promise.all(items.slice(start, start + AT_ONCE).map(map))));
  return results;
}
