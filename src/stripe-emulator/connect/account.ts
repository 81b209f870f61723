import { HIDDEN, type StoredObject } from '../engine/index.ts';
import { blankObject } from '../shapes/index.ts';

/** Facts of an account that no response shows. */
export interface AccountFacts {
  readonly is_platform?: boolean;
  readonly is_deauthorized?: boolean;
}

/** A Stripe account as stored. */
export interface Account extends StoredObject {
  readonly object: 'account';
  readonly charges_enabled: boolean;
  readonly payouts_enabled: boolean;
  readonly details_submitted: boolean;
  readonly country: string;
  readonly default_currency: string;
  readonly email: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly business_profile: Readonly<Record<string, unknown>>;
  readonly capabilities: Readonly<Record<string, string>>;
  readonly requirements: Requirements;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly [HIDDEN]: AccountFacts;
}

/** What an account still owes to Stripe, and since when that restricts it. */
export interface Requirements {
  readonly alternatives: readonly unknown[];
  readonly current_deadline: number | null;
  readonly currently_due: readonly string[];
  readonly disabled_reason: string | null;
  readonly errors: readonly unknown[];
  readonly eventually_due: readonly string[];
  readonly past_due: readonly string[];
  readonly pending_verification: readonly string[];
}

/** Who pays Stripe's fees, bears losses, and collects requirements. */
export interface Controller {
  readonly fee_payer: string;
  readonly losses: string;
  readonly requirement_collection: string;
  readonly dashboard: string;
}

/** States that the onboarding page and the control interface give to an account. */
export type AccountState = 'ready' | 'review' | 'restrict';

export const ONBOARDING_DETAILS = [
  'business_profile.url',
  'business_type',
  'external_account',
  'representative.first_name',
  'representative.last_name',
  'tos_acceptance.date',
];
const PREFIX_MAX = 10;
const CURRENCIES: Readonly<Record<string, string>> = {
  AU: 'aud',
  BR: 'brl',
  CA: 'cad',
  CH: 'chf',
  CZ: 'czk',
  DK: 'dkk',
  GB: 'gbp',
  HK: 'hkd',
  HU: 'huf',
  IN: 'inr',
  JP: 'jpy',
  MX: 'mxn',
  MY: 'myr',
  NO: 'nok',
  NZ: 'nzd',
  PL: 'pln',
  RO: 'ron',
  SE: 'sek',
  SG: 'sgd',
  TH: 'thb',
  US: 'usd',
};

/** Returns the currency of a country; the euro for the other countries of Europe. */
export function currencyOf(country: string): string {
  return CURRENCIES[country] ?? 'eur';
}

/** Returns a new account: nothing is enabled and every detail is due. */
export function newAccount(head: {
  id: string;
  created: number;
  country: string;
  currency: string;
  email: string | null;
  business_profile: Readonly<Record<string, unknown>>;
  metadata: Readonly<Record<string, string>>;
  capabilities: readonly string[];
  controller: Controller;
  facts?: AccountFacts;
}): Account {
  const { controller, business_profile } = head;
  const name = textOf(business_profile['name']);
  return {
    ...blankObject('account'),
    id: head.id,
    object: 'account',
    business_profile: { ...blankObject('Account.BusinessProfile'), ...business_profile },
    business_type: null,
    capabilities: Object.fromEntries(head.capabilities.map((each) => [each, 'inactive'])),
    charges_enabled: false,
    payouts_enabled: false,
    details_submitted: false,
    controller: {
      fees: { payer: controller.fee_payer },
      is_controller: true,
      losses: { payments: controller.losses },
      requirement_collection: controller.requirement_collection,
      stripe_dashboard: { type: controller.dashboard },
      type: 'application',
    },
    country: head.country,
    created: head.created,
    default_currency: head.currency,
    email: head.email,
    future_requirements: { ...nothing_due },
    metadata: head.metadata,
    requirements: requirementsOf(ONBOARDING_DETAILS, 'requirements.past_due'),
    settings: settingsOf(name),
    tos_acceptance: { date: null, ip: null, user_agent: null },
    type: isStandard(controller) ? 'standard' : 'none',
    [HIDDEN]: head.facts ?? {},
  };
}

/** Returns the fields that change when an account gets a state. */
export function applyAccountState(account: Account, state: AccountState): Partial<Account> {
  const is_ready = state === 'ready';
  const is_restricted = state === 'restrict';
  const capability = is_restricted ? 'inactive' : 'active';
  const names = new Set(['card_payments', ...Object.keys(account.capabilities)]);
  const review = { ...nothing_due, pending_verification: ['individual.verification.document'] };
  return {
    charges_enabled: !is_restricted,
    payouts_enabled: is_ready,
    details_submitted: true,
    capabilities: Object.fromEntries(Array.from(names, (name) => [name, capability])),
    requirements: is_restricted
      ? requirementsOf(['individual.verification.document'], 'requirements.past_due')
      : is_ready
        ? nothing_due
        : review,
  };
}

/** Returns the first words of card statements: Latin letters and digits of the business name. */
export function statementPrefixOf(name: string): string | null {
  const plain = name
    .normalize('NFKD')
    .replaceAll(/[^A-Za-z0-9 ]/g, '')
    .trim()
    .toUpperCase();
  const prefix = plain.slice(0, PREFIX_MAX).trim();
  return /[A-Z]/.test(prefix) && prefix.length > 1 ? prefix : null;
}

const nothing_due: Requirements = {
  alternatives: [],
  current_deadline: null,
  currently_due: [],
  disabled_reason: null,
  errors: [],
  eventually_due: [],
  past_due: [],
  pending_verification: [],
};

function requirementsOf(due: readonly string[], disabled_reason: string): Requirements {
  return { ...nothing_due, currently_due: due, eventually_due: due, past_due: due, disabled_reason };
}

function settingsOf(name: string): Record<string, unknown> {
  return {
    bacs_debit_payments: blankObject('Account.Settings.BacsDebitPayments'),
    branding: blankObject('Account.Settings.Branding'),
    card_issuing: { tos_acceptance: { date: null, ip: null } },
    card_payments: {
      ...blankObject('Account.Settings.CardPayments'),
      decline_on: { avs_failure: false, cvc_failure: false },
      statement_descriptor_prefix: statementPrefixOf(name),
    },
    dashboard: { display_name: name === '' ? null : name, timezone: 'Etc/UTC' },
    invoices: blankObject('Account.Settings.Invoices'),
    payments: { ...blankObject('Account.Settings.Payments'), statement_descriptor: statementPrefixOf(name) },
    payouts: {
      debit_negative_balances: true,
      schedule: { delay_days: 2, interval: 'manual' },
      statement_descriptor: null,
    },
    sepa_debit_payments: {},
  };
}

function isStandard({ fee_payer, losses, requirement_collection, dashboard }: Controller): boolean {
  return fee_payer === 'account' && losses === 'stripe' && requirement_collection === 'stripe' && dashboard === 'full';
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
