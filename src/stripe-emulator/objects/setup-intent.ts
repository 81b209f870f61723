import { decideAttach, type CardOutcome, type Decline } from '../cards/index.ts';
import { emit, invalidRequest, planTask, type ApiError, type Context, type StoredObject } from '../engine/index.ts';
import { cardError } from './card-input.ts';
import { newObject } from './new-object.ts';
import { markSetUp, setOwner, testCardOf, usedUp, type PaymentMethod } from './payment-method.ts';

export interface SetupIntent extends StoredObject {
  readonly client_secret: string;
  readonly customer: string | null;
  readonly latest_attempt: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly payment_method: string | null;
  readonly status: 'requires_payment_method' | 'requires_confirmation' | 'requires_action' | 'succeeded' | 'canceled';
  readonly usage: 'off_session' | 'on_session';
  readonly $: {
    readonly return_url: string | null;
    readonly round: number;
    readonly allow_redirects: 'always' | 'never';
  };
}

export interface SetupManner {
  readonly return_url: string | null;
  readonly use_stripe_sdk: boolean;
}

const AUTHENTICATION_S = 30 * 60;

/** Tries to save a method. @throws ApiError 402 when the card declines; the changes stay */
export function confirmSetup(
  ctx: Context,
  before: SetupIntent,
  method: PaymentMethod,
  manner: SetupManner,
): SetupIntent {
  if (method.customer !== null && method.customer !== before.customer)
    throw invalidRequest(
      undefined,
      'The payment method does not belong to the customer of the SetupIntent.',
      'payment_method',
    );
  if (method.customer === null && method.$.is_used) throw usedUp();
  const intent = ctx.world.patch(before, {
    payment_method: method.id,
    $: { ...before.$, round: before.$.round + 1, return_url: manner.return_url ?? before.$.return_url },
  });
  const card = testCardOf(method);
  const outcome: CardOutcome = card ? decideAttach(card, false) : { kind: 'paid' };
  if (outcome.kind === 'declined') throw decline(ctx, intent, method, outcome.decline);
  return outcome.kind === 'asks' ? askCardholder(ctx, intent, method, manner) : succeed(ctx, intent, method);
}

/** Ends the authentication of a setup. @throws ApiError 400 in another state */
export function finishSetupAuthentication(ctx: Context, intent: SetupIntent, is_approved: boolean): SetupIntent {
  if (intent.status !== 'requires_action') throw unexpectedSetupState(intent, 'authenticate');
  const method = ctx.world.row(intent.payment_method ?? '')?.value as PaymentMethod; // an intent that asks has a method
  if (!is_approved)
    return failSetup(ctx, intent, method, {
      code: 'setup_intent_authentication_failure',
      message: 'The latest attempt to set up the payment method has failed because authentication failed.',
      type: 'invalid_request_error',
    });
  return succeed(ctx, intent, method);
}

/** The task of an authentication without an answer. */
export function expireSetup(ctx: Context, { id = '', round = '' }: Readonly<Record<string, string>>): void {
  const intent = ctx.world.get(ctx.scope, 'setup_intent', id) as SetupIntent | undefined;
  if (intent?.status === 'requires_action' && String(intent.$.round) === round)
    finishSetupAuthentication(ctx, intent, false);
}

export function unexpectedSetupState(intent: SetupIntent, verb: string): ApiError {
  const message = `You cannot ${verb} this SetupIntent because it has a status of ${intent.status}.`;
  return invalidRequest('setup_intent_unexpected_state', message, undefined, { setup_intent: intent });
}

function succeed(ctx: Context, intent: SetupIntent, method: PaymentMethod): SetupIntent {
  const attempt = createAttempt(ctx, intent, method, 'succeeded', null);
  const mandate = newObject(ctx, 'mandate', 'mandate', {
    customer_acceptance: {
      accepted_at: ctx.world.now,
      online: { ip_address: '127.0.0.1', user_agent: 'emulator' },
      type: 'online',
    },
    multi_use: {},
    payment_method: method.id,
    payment_method_details: { type: method.type, ...(method.type === 'card' ? { card: {} } : { us_bank_account: {} }) },
    status: 'active',
    type: 'multi_use',
  });
  ctx.world.insert(ctx.scope, mandate);
  const after = ctx.world.patch(intent, {
    last_setup_error: null,
    latest_attempt: attempt.id,
    mandate: mandate.id,
    next_action: null,
    status: 'succeeded',
  });
  const current = ctx.world.row(method.id)?.value as PaymentMethod; // methods are never removed
  const owned = intent.customer === null ? current : setOwner(ctx, current, intent.customer);
  if (intent.usage === 'off_session') markSetUp(ctx, owned);
  emit(ctx, 'setup_intent.succeeded', after);
  return after;
}

function decline(ctx: Context, intent: SetupIntent, method: PaymentMethod, refusal: Decline): ApiError {
  const failed = failSetup(ctx, intent, method, { ...refusal, type: 'card_error' });
  return cardError(refusal, { setup_intent: failed, payment_method: method });
}

function failSetup(
  ctx: Context,
  intent: SetupIntent,
  method: PaymentMethod,
  fields: Readonly<Record<string, unknown>>,
): SetupIntent {
  const { $: _hidden, ...shown } = method;
  const error = { ...fields, payment_method: shown };
  const attempt = createAttempt(ctx, intent, method, 'failed', error);
  const failed = ctx.world.patch(intent, {
    last_setup_error: error,
    latest_attempt: attempt.id,
    next_action: null,
    payment_method: null,
    status: 'requires_payment_method',
  });
  emit(ctx, 'setup_intent.setup_failed', failed);
  return failed;
}

function askCardholder(ctx: Context, intent: SetupIntent, method: PaymentMethod, manner: SetupManner): SetupIntent {
  const url = `${ctx.settings.base_url}/3ds/${intent.id}`;
  const { return_url } = intent.$;
  const next_action =
    return_url !== null && !manner.use_stripe_sdk
      ? { redirect_to_url: { return_url, url }, type: 'redirect_to_url' }
      : {
          type: 'use_stripe_sdk',
          use_stripe_sdk: { type: 'three_d_secure_redirect', stripe_js: url, source: method.id },
        };
  const asking = ctx.world.patch(intent, { next_action, status: 'requires_action' });
  emit(ctx, 'setup_intent.requires_action', asking);
  planTask(ctx, 'expire_setup', AUTHENTICATION_S, { id: intent.id, round: String(asking.$.round) });
  return asking;
}

function createAttempt(
  ctx: Context,
  intent: SetupIntent,
  method: PaymentMethod,
  status: 'succeeded' | 'failed',
  setup_error: Record<string, unknown> | null,
): StoredObject {
  const attempt = newObject(ctx, 'setup_attempt', 'setatt', {
    customer: intent.customer,
    payment_method: method.id,
    payment_method_details: detailsOf(method),
    setup_error,
    setup_intent: intent.id,
    status,
    usage: intent.usage,
  });
  return ctx.world.insert(ctx.scope, attempt);
}

function detailsOf({ type, card }: PaymentMethod): Record<string, unknown> {
  if (!card) return { type, us_bank_account: {} };
  const { brand, checks, country, exp_month, exp_year, fingerprint, funding, last4 } = card;
  const shown = { brand, checks, country, exp_month, exp_year, fingerprint, funding, last4 };
  return { type, card: { ...shown, network: brand, three_d_secure: null, wallet: null } };
}
