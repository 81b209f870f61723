import { Stripe } from 'stripe';
import type { DeclinedOutcome } from '../processor.ts';
import { classify } from './classify.ts';
import type { StripeNeeds } from './stripe-needs.ts';

/** Status of a response that refuses a call as one too many, or because its object is locked. */
export const TOO_MANY = 429;

/** Codes of a refused request that are about the amount or the account, and not about the card. */
const REQUEST_CODES: ReadonlySet<string> = new Set([
  'amount_too_small',
  'amount_too_large',
  'account_invalid',
  'testmode_charges_only',
  'application_fees_not_allowed',
  'capability_not_active',
  'platform_account_required',
]);

/** Code of Tollgate for a currency that the account does not charge: Stripe gives no code, or a general one. */
const CURRENCY_REFUSED = 'currency_refused';

/**
 * Returns the decline that an error of a call is. Rethrows an error after which the outcome is unknown: of the
 * connection, of Stripe itself, of the key, or of a key that was used for another request.
 */
export function declinedBy({ log, onUnknown }: StripeNeeds, error: unknown): DeclinedOutcome {
  if (!isRefused(error)) throw error;
  const { code = '', decline_code = '', advice_code = '', rawType, param, requestId } = error;
  const open = openIntentOf(error);
  if (rawType === 'card_error') return { ...classify({ code, decline_code, advice_code }, onUnknown), ...open };
  log.warn({ code, param, request_id: requestId }, 'request refused by Stripe');
  const refused = REQUEST_CODES.has(code) ? code : param === 'currency' ? CURRENCY_REFUSED : 'token_unusable';
  return { ...classify({ code: refused, decline_code: '', advice_code: '' }), ...open };
}

/** Returns the payment of a declined call: it waits for another card. A call that made none has no such member. */
function openIntentOf({ payment_intent }: Stripe.errors.StripeError): Pick<DeclinedOutcome, 'open_intent_key'> {
  if (payment_intent === undefined || isOver(payment_intent)) return {};
  return { open_intent_key: payment_intent.id };
}

/** True if the payer can no longer confirm a payment. */
export function isOver({ status }: Pick<Stripe.PaymentIntent, 'status'>): boolean {
  return status === 'canceled' || status === 'succeeded' || status === 'processing';
}

/**
 * Returns an error of the package without the objects that it carries: they name the payer and have the secret of the
 * payment, and an error is logged.
 */
export function withoutBody(error: unknown): unknown {
  if (!(error instanceof Stripe.errors.StripeError)) return error;
  const { type, code, param, statusCode, requestId } = error;
  const facts = [type, code, param, statusCode, requestId].filter((fact) => fact !== undefined && fact !== '');
  return new Error(`Stripe did not carry out the call: ${facts.join(' ')}`);
}

/** True if Stripe carried out nothing: it refused the card, or the request itself. */
export function isRefused(error: unknown): error is Stripe.errors.StripeError {
  const { StripeCardError, StripeInvalidRequestError } = Stripe.errors;
  if (!(error instanceof StripeCardError || error instanceof StripeInvalidRequestError)) return false;
  return !isUnexpectedState(error);
}

/** True if the state of an intent did not allow a call: it was confirmed or canceled before. */
export function isUnexpectedState(error: unknown): boolean {
  if (!(error instanceof Stripe.errors.StripeError)) return false;
  return error.code === 'payment_intent_unexpected_state' || error.code === 'setup_intent_unexpected_state';
}

/** True if the object that `param` names, or that the path names, does not exist on the account. */
export function isMissing(error: unknown, param?: string): boolean {
  if (!(error instanceof Stripe.errors.StripeInvalidRequestError) || error.code !== 'resource_missing') return false;
  return param === undefined || error.param === param;
}

/** Codes of refusals that are about the key, and not about an account. */
const KEY_CODES: ReadonlySet<string> = new Set(['more_permissions_required', 'secret_key_required']);

/** True if the account does not exist, or the platform has no access to it. */
export function isAccessDenied(error: unknown): error is Stripe.errors.StripeError {
  return error instanceof Stripe.errors.StripePermissionError && !isKeyRefused(error);
}

/** True if the platform has no access to a connected account, which may not exist, in the words of Stripe. */
export function isAccountGone(error: unknown): boolean {
  return isAccessDenied(error) && error.code === 'account_invalid';
}

/** True if Stripe refused the key itself: it is wrong, revoked, or lacks a permission. It carried out nothing. */
export function isKeyRefused(error: unknown): boolean {
  const { StripeAuthenticationError, StripePermissionError } = Stripe.errors;
  if (error instanceof StripeAuthenticationError) return true;
  return error instanceof StripePermissionError && KEY_CODES.has(error.code ?? '');
}

/** True if Stripe carried out nothing, because it knows the key of the call with other parameters. */
export function isKeyReused(error: unknown): boolean {
  return error instanceof Stripe.errors.StripeIdempotencyError;
}

/** True if Stripe refused a call as one too many. */
export function isTooMany(error: unknown): boolean {
  if (!(error instanceof Stripe.errors.StripeError)) return false;
  return error instanceof Stripe.errors.StripeRateLimitError || error.statusCode === TOO_MANY;
}
