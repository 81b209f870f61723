import { textField } from '#platform/http/forms';
import { toSmallestUnit } from '#kernel/money';
import { invalidInput } from '#kernel/problem';
import { findSite } from '#platform/site';
import type { ProfileId } from '#platform/db/db-schema';
import type { PageParts } from '../page-parts.ts';
import type { IntentRef, PaymentToKeep, ProcessorIntents } from '../intents.ts';
import type { CustomerKey, Processor, SaveCardRequest, SavedCard } from '../processor.ts';
import type { ChargeRef, FeeReturnRef, FeeReturnRequest } from '../processor-refund.ts';
import { makeCallTimes } from '../call-times.ts';
import { cardMinimum } from '../card-minimums.ts';
import { chargeMaximum } from './amounts.ts';
import { forPayer } from './keys/call-pacer.ts';
import { chargeCard } from './charge-card.ts';
import { hasCustomer, updateCustomer } from './ensure-customer.ts';
import { abandon, findByKey, findFraudWarnings, retrieveEvidence } from './find-charge.ts';
import { HOSTED_PAGE } from './hosted-page.ts';
import { RETURNS_FEE } from './intent-outcome.ts';
import { makeCallRecord } from './keys/call-record.ts';
import { type LiveClient, makeLiveClient } from './keys/live-client.ts';
import { makeSetup } from './keys/make-setup.ts';
import { findNamedPayment, findTaken } from './intents/named-intent.ts';
import { makeOnboardingLink, retrieveAccount } from './onboarding.ts';
import { cancelPayment, keepPayment, keepSetup, openPayment, openSetup } from './intents/open-intent.ts';
import { findRefund, findRefunds, refundCharge } from './refund.ts';
import { findFeeReturns, findMovedShare, returnFee } from './return-fee.ts';
import { disputePage } from './dispute-page.ts';
import { deleteCard, retrieveCard, saveCard } from './save-card.ts';
import { isLiveKey, SCRIPT_URL, type StripeSettings } from './stripe-client.ts';
import { isStripeId } from './stripe-id.ts';
import { makeStripeIntake } from './stripe-intake.ts';
import { walkMovements } from './stripe-movements.ts';
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
  const times = makeCallTimes();
  const record = makeCallRecord(given.log, times);
  const live = makeLiveClient({ ...given, app_version, record });
  const needs = addNeeds(given, live);
  const { settings } = given;
  const guarded = makeGuard(live);
  return {
    name: STRIPE,
    returns_fee: RETURNS_FEE,
    may_overdraw: true,
    returns_broker_fee: settings.returns_broker_fee ?? true,
    direct_charges: true,
    saved_cards: true,
    payouts: true,
    units: null,
    minimum: cardMinimum,
    maximum: chargeMaximum,
    charge: guarded((request) => {
      const run = () => chargeCard(needs, request);
      return request.off_session ? run() : forPayer(run);
    }),
    findByKey: guarded((attempt) => findByKey(needs, attempt)),
    abandon: guarded((attempt) => abandon(needs, attempt)),
    retrieve: guarded((charge) => retrieveEvidence(needs, charge)),
    findFraudWarnings: guarded((charge) => findFraudWarnings(needs, charge)),
    refund: guarded((request) => forPayer(() => refundCharge(needs, request))),
    findRefund: guarded((refund) => findRefund(needs, refund)),
    findRefunds: guarded((charge) => findRefunds(needs, charge)),
    ...shareCalls(needs, guarded),
    ...cardCalls(needs, guarded),
    connectAccount: guarded((request) => connectAccount(needs, request)),
    retrieveAccount: guarded((account) => retrieveAccount(needs, account)),
    onboard: guarded((request) => makeOnboardingLink(needs, request)),
    onboarding_origin: settings.api_url === null ? 'https://connect.stripe.com' : new URL(settings.api_url).origin,
    disconnectAccount: guarded((account) => disconnectAccount(needs, account)),
    payoutAccount: guarded((account) => getPayoutAccount(needs, account)),
    payout: guarded((request) => payOut(needs, request)),
    findPayout: guarded((wanted) => findPayout(needs, wanted)),
    listPayouts: (account, since) => walkPayouts(needs, account, since),
    ...browserCalls(live, settings),
    intents: makeIntents(needs, guarded),
    disputePage: (dispute) => disputePage(live.settings, dispute),
    intake: makeStripeIntake(live, isLiveKey(settings.secret_key)),
    movements: { list: (account, span) => walkMovements(needs, account, span) },
    pausedUntil: live.pausedUntil,
    callSeries: times.series,
    setup: makeSetup(needs, live, { ...given, app_version, record }),
  };
}

function makeIntents(needs: StripeNeeds, guarded: ReturnType<typeof makeGuard>): ProcessorIntents {
  const keep = guarded(([intent, terms]: readonly [IntentRef, PaymentToKeep]) =>
    forPayer(() => keepPayment(needs, intent, terms)),
  );
  return {
    isPayment: (token) => isStripeId(token, 'intent'),
    findPayment: guarded((named) => forPayer(() => findNamedPayment(needs, named))),
    openPayment: guarded((wanted) => forPayer(() => openPayment(needs, wanted))),
    keepPayment: (intent, terms) => keep([intent, terms]),
    openSetup: guarded((wanted) => forPayer(() => openSetup(needs, wanted))),
    keepSetup: guarded((intent) => forPayer(() => keepSetup(needs, intent))),
    cancelPayment: guarded((intent) => cancelPayment(needs, intent)),
    findTaken: guarded((charge) => findTaken(needs, charge)),
  };
}

function browserCalls(live: LiveClient, settings: StripeSettings) {
  const page_parts = makePageParts(settings);
  return {
    browserKeys: (account) => ({
      STRIPE_PUB_KEY: live.settings.publishable_key,
      STRIPE_INTENT_SECRET: null,
      STRIPE_ACCOUNT: account === '' ? null : account,
    }),
    pageParts: () => page_parts,
    cardElement: (wanted) => ({
      script_url: settings.js_url ?? SCRIPT_URL,
      publishable_key: live.settings.publishable_key,
      account: wanted.account,
      amount: 'money' in wanted ? toSmallestUnit(wanted.money) : null,
      unit: 'money' in wanted ? wanted.money.unit : wanted.unit,
    }),
    readCardForm: readTokenForm,
    readReturn: readSetupReturn,
  } satisfies Partial<Processor>;
}

function shareCalls(needs: StripeNeeds, guarded: ReturnType<typeof makeGuard>) {
  return {
    returnFee: guarded((request: FeeReturnRequest) => returnFee(needs, request)),
    findFeeReturns: guarded((charge: ChargeRef) => findFeeReturns(needs, charge)),
    findMovedShare: guarded((fee_return: FeeReturnRef) => findMovedShare(needs, fee_return)),
  };
}

function cardCalls(needs: StripeNeeds, guarded: ReturnType<typeof makeGuard>) {
  return {
    saveCard: guarded((request: SaveCardRequest) => forPayer(() => saveCard(needs, request))),
    deleteCard: guarded((card: SavedCard) => deleteCard(needs, card)),
    retrieveCard: guarded((card: SavedCard) => retrieveCard(needs, card)),
    hasCustomer: guarded((customer: CustomerKey) => hasCustomer(needs, customer)),
    updateCustomer: guarded((customer: CustomerKey & { profile_id: ProfileId }) => updateCustomer(needs, customer)),
  };
}

/** Makes calls use the newest key, and reject without the objects that an error of the package carries. */
function makeGuard(live: LiveClient) {
  return <Request, Outcome>(call: (request: Request) => Promise<Outcome>) =>
    (request: Request): Promise<Outcome> =>
      live.run(() => call(request));
}

function addNeeds(given: Omit<StripeProcessorNeeds, 'app_version'>, live: LiveClient): StripeNeeds {
  const known = new Set<string>();
  let installation: Promise<string> | null = null;
  const readInstallation = async () => {
    const site = await findSite(given.db);
    if (!site) throw new Error('there is no site');
    return site.installation;
  };
  return {
    ...given,
    get client() {
      return live.client;
    },
    get settings() {
      return live.settings;
    },
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
  };
}

function readSetupReturn(query: object): string | null {
  const intent = textField(query, 'setup_intent', TOKEN_LENGTH_MAX);
  if (isStripeId(intent, 'setup_intent')) return intent;
  const session = textField(query, 'setup_session', TOKEN_LENGTH_MAX);
  return isStripeId(session, 'checkout_session') ? session : null;
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
  // Browsers without scripts, and with a script that did not load: the card is entered on the page of Stripe.
  if (token === '' && textField(form, 'hosted', 1) === '1') return HOSTED_PAGE;
  if (token === '') throw invalidInput({ processor_token: ['Enter the card.'] });
  return token;
}
