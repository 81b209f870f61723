import { completeSessions } from '../checkout/index.ts';
import type { Context, StoredObject } from '../engine/index.ts';
import {
  finishAuthentication,
  finishSetupAuthentication,
  type PaymentIntent,
  type SetupIntent,
} from '../objects/index.ts';
import {
  formatAmount,
  makeErrorPage,
  redirectTo,
  renderChallenge,
  renderChallengeEnd,
  type PageResponse,
} from '../pages/index.ts';
import type { Emulator } from '../server/index.ts';
import { merchantOf } from './merchant.ts';
import { findPlaced, type PageRequest } from './page-work.ts';

const ENDED = 'This request for confirmation has ended. You can close this page.';

/** Shows the page of the issuer, or takes its answer and returns to the site. */
export function answerChallenge(
  emulator: Emulator,
  id: string,
  { method, fields }: PageRequest,
  is_public: boolean,
): PageResponse {
  const place = findPlaced(emulator, id, ['payment_intent', 'setup_intent']);
  if (!place) return makeErrorPage(404, 'Not found', 'There is no such payment.');
  const { ctx, value } = place;
  const view = { in_frame: fields['frame'] === '1', is_public };
  const is_open = value['status'] === 'requires_action';
  if (method !== 'POST') {
    if (!is_open) return renderChallengeEnd(view, ENDED);
    return renderChallenge({ ...view, ...describe(ctx, value), intent: id });
  }
  const { answer } = fields;
  if (answer !== 'approve' && answer !== 'fail')
    return makeErrorPage(400, 'Not valid', 'Choose one of the two answers.');
  const return_url = returnUrlOf(value);
  const after = is_open ? finish(ctx, value, answer === 'approve') : value;
  completeSessions(ctx, after);
  if (view.in_frame) return renderChallengeEnd(view, 'Thank you. You return to the shop.');
  return return_url === null ? renderChallengeEnd(view, ENDED) : redirectTo(withResult(return_url, after));
}

function finish(ctx: Context, value: StoredObject, is_approved: boolean): StoredObject {
  return value.object === 'setup_intent'
    ? finishSetupAuthentication(ctx, value as SetupIntent, is_approved) // kind of the row
    : finishAuthentication(ctx, value as PaymentIntent, is_approved); // kind of the row
}

function describe(ctx: Context, intent: StoredObject): { amount: string | null; merchant: string; last4: string } {
  const method = ctx.world.row(String(intent['payment_method']))?.value;
  const { last4 = '' } = (method?.['card'] ?? {}) as { last4?: string }; // card-input.ts
  const { amount, currency } = intent;
  const is_paid = typeof amount === 'number' && typeof currency === 'string';
  return { amount: is_paid ? formatAmount(amount, currency) : null, merchant: merchantOf(ctx), last4 };
}

/** The address of the last confirmation; the intent keeps it apart from what responses show. */
function returnUrlOf({ $ }: StoredObject): string | null {
  const { return_url } = ($ ?? {}) as { return_url?: string | null }; // confirm-intent.ts
  return return_url ?? null;
}

/** Adds what Stripe adds to a return address. */
function withResult(return_url: string, intent: StoredObject): string {
  const url = new URL(return_url);
  const has_succeeded = !['requires_payment_method', 'canceled'].includes(String(intent['status']));
  url.searchParams.set(intent.object, intent.id);
  url.searchParams.set(`${intent.object}_client_secret`, String(intent['client_secret']));
  url.searchParams.set('redirect_status', has_succeeded ? 'succeeded' : 'failed');
  return url.href;
}
