import { textField } from '#platform/http/forms';
import { toSmallestUnit } from '#kernel/money';
import { invalidInput } from '#kernel/problem';
import { findSite } from '#platform/site';
import type { PageParts, Processor } from '../processor.ts';
import { cardMinimum } from '../card-minimums.ts';
import { chargeMaximum } from './amounts.ts';
import { chargeCard } from './charge-card.ts';
import { withoutBody } from './declined-by.ts';
import { abandon, findByKey, retrieveEvidence } from './find-charge.ts';
import { RETURNS_FEE } from './intent-outcome.ts';
import { findRefund, findRefunds, refundCharge } from './refund.ts';
import { deleteCard, saveCard } from './save-card.ts';
import { makeStripeClient, SCRIPT_URL, type StripeSettings } from './stripe-client.ts';
import { isStripeId } from './stripe-id.ts';
import { makeStripeIntake } from './stripe-intake.ts';
import { STRIPE, type StripeNeeds } from './stripe-needs.ts';
import {
  connectAccount,
  disconnectAccount,
  findPayout,
  getPayoutAccount,
  payOut,
  walkPayouts,
} from './stripe-payouts.ts';

/** Longest token that a form may name. */
const TOKEN_LENGTH_MAX = 255;

export type StripeProcessorNeeds = Pick<StripeNeeds, 'db' | 'clock' | 'log' | 'settings'> & {
  /** Version of Tollgate, for the log of Stripe. */
  app_version: string;
};

/**
 * Makes the adapter of Stripe. Charges, cards and refunds are on the account that each call names; the card itself is
 * entered into a frame of Stripe and never reaches Tollgate.
 * @see docs/decisions/0118-stripe-as-a-processor.md
 */
export function makeStripeProcessor({ app_version, ...given }: StripeProcessorNeeds): Processor {
  const needs = addNeeds(given, app_version);
  const { settings } = given;
  const page_parts = makePageParts(settings);
  return {
    name: STRIPE,
    returns_fee: RETURNS_FEE,
    may_overdraw: true,
    direct_charges: false,
    saved_cards: true,
    payouts: true,
    units: null,
    minimum: cardMinimum,
    maximum: chargeMaximum,
    charge: bodiless((request) => chargeCard(needs, request)),
    findByKey: bodiless((attempt) => findByKey(needs, attempt)),
    abandon: bodiless((attempt) => abandon(needs, attempt)),
    retrieve: bodiless((charge) => retrieveEvidence(needs, charge)),
    refund: bodiless((request) => refundCharge(needs, request)),
    findRefund: bodiless((refund) => findRefund(needs, refund)),
    findRefunds: bodiless((charge) => findRefunds(needs, charge)),
    saveCard: bodiless((request) => saveCard(needs, request)),
    deleteCard: bodiless((card) => deleteCard(needs, card)),
    connectAccount: bodiless((request) => connectAccount(needs, request)),
    disconnectAccount: bodiless((account) => disconnectAccount(needs, account)),
    payoutAccount: bodiless((account) => getPayoutAccount(needs, account)),
    payout: bodiless((request) => payOut(needs, request)),
    findPayout: bodiless((wanted) => findPayout(needs, wanted)),
    listPayouts: (account, since) => walkPayouts(needs, account, since),
    browserKeys: () => ({
      STRIPE_PUB_KEY: settings.publishable_key,
      STRIPE_INTENT_SECRET: null,
      STRIPE_ACCOUNT: null,
    }),
    pageParts: () => page_parts,
    cardElement: (wanted) => ({
      script_url: settings.js_url ?? SCRIPT_URL,
      publishable_key: settings.publishable_key,
      account: '',
      amount: 'money' in wanted ? toSmallestUnit(wanted.money) : null,
      unit: 'money' in wanted ? wanted.money.unit : wanted.unit,
    }),
    readCardForm: readTokenForm,
    readReturn: readSetupReturn,
    intake: makeStripeIntake(needs.client, isLiveKey(settings.secret_key)),
  };
}

/** Makes a call reject without the objects that an error of the package carries. */
function bodiless<Request, Outcome>(call: (request: Request) => Promise<Outcome>) {
  return (request: Request): Promise<Outcome> =>
    call(request).catch((error: unknown) => {
      throw withoutBody(error);
    });
}

/** True if the objects of a key move real money. */
function isLiveKey(key: string): boolean {
  return /^(sk|rk|pk)_live_/.test(key);
}

function addNeeds(given: Omit<StripeProcessorNeeds, 'app_version'>, app_version: string): StripeNeeds {
  const known = new Set<string>();
  let installation: Promise<string> | null = null;
  const readInstallation = async () => {
    const site = await findSite(given.db);
    if (!site) throw new Error('there is no site');
    return site.installation;
  };
  return {
    ...given,
    client: makeStripeClient(given.settings, app_version),
    installation: () =>
      (installation ??= readInstallation().catch((error: unknown) => {
        installation = null;
        throw error;
      })),
    onUnknown(value) {
      if (known.has(value) || known.size >= 1000) return;
      known.add(value);
      given.log.warn({ value: value.slice(0, 100) }, 'value of Stripe that the adapter does not know');
    },
  };
}

function makePageParts({ api_url, js_url }: StripeSettings): PageParts {
  if (js_url !== null) {
    const origins = [...new Set([new URL(js_url).origin, ...(api_url === null ? [] : [new URL(api_url).origin])])];
    return {
      scripts: [js_url],
      csp_origins: {
        'script-src': origins,
        'frame-src': origins,
        'connect-src': origins,
        'img-src': origins,
        'form-action': origins,
      },
      form_fields: [],
      hosted_url: null,
    };
  }
  return {
    scripts: [SCRIPT_URL],
    csp_origins: {
      'script-src': ['https://js.stripe.com', 'https://*.js.stripe.com'],
      'frame-src': ['https://js.stripe.com', 'https://*.js.stripe.com', 'https://hooks.stripe.com'],
      'connect-src': ['https://api.stripe.com'],
      'img-src': ['https:'],
      'form-action': ['https://checkout.stripe.com', 'https://connect.stripe.com'],
    },
    form_fields: [],
    hosted_url: null,
  };
}

function readSetupReturn(query: object): string | null {
  const token = textField(query, 'setup_intent', TOKEN_LENGTH_MAX);
  return isStripeId(token, 'setup_intent') ? token : null;
}

/**
 * Reads the token that the script of Stripe put into the form. A template that sends card data is refused, so that none
 * can pass through Tollgate.
 */
function readTokenForm(form: unknown): string {
  const names = typeof form === 'object' && form !== null ? Object.keys(form) : [];
  const card_fields = names.filter((name) => /^card_(number|cvc|exp)/.test(name));
  if (card_fields.length > 0) {
    throw invalidInput(
      Object.fromEntries(card_fields.map((name) => [name, ['Card data is never sent to this server.']])),
    );
  }
  const token = textField(form, 'processor_token', TOKEN_LENGTH_MAX);
  if (token === '') throw invalidInput({ processor_token: ['Enter the card.'] });
  return token;
}
