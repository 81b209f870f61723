import { completeSessions, paySession, successUrlOf, type Session } from '../checkout/index.ts';
import { ApiError, HIDDEN, type Context } from '../engine/index.ts';
import {
  formatAmount,
  makeErrorPage,
  redirectTo,
  renderCheckout,
  type CardFieldName,
  type PageResponse,
} from '../pages/index.ts';
import type { Emulator } from '../server/index.ts';
import { merchantOf } from './merchant.ts';
import { findPlaced, type PageRequest } from './page-work.ts';

const FIELDS: Readonly<Record<string, CardFieldName>> = {
  number: 'number',
  exp_month: 'expiry',
  exp_year: 'expiry',
  cvc: 'cvc',
};
const TEXT_MAX = 256;

/** Shows a hosted payment page, takes its form, or continues after the page of the issuer. */
export function answerCheckout(emulator: Emulator, id: string, request: PageRequest, is_return: boolean): PageResponse {
  const place = findPlaced(emulator, id, ['checkout.session']);
  if (!place) return makeErrorPage(404, 'Not found', 'There is no such payment page.');
  const { ctx } = place;
  const session = place.value as Session; // kind of the row
  if (session.status === 'complete') return redirectTo(successUrlOf(session));
  if (session.status === 'expired') {
    return makeErrorPage(410, 'This page has expired', 'You were not charged. Go back to the shop to start again.');
  }
  if (is_return) return continueSession(ctx, session);
  if (request.method === 'POST') return submit(ctx, session, request.fields);
  return show(ctx, session, {});
}

function submit(ctx: Context, session: Session, fields: Readonly<Record<string, string>>): PageResponse {
  const [exp_month = '', exp_year = ''] = (fields['expiry'] ?? '').split('/').map((part) => part.trim());
  const errors = missingOf(fields, exp_month !== '' && exp_year !== '');
  if (Object.keys(errors).length > 0) return show(ctx, session, fields, 'Complete the card details.', errors);
  const { email = '', name = '', number = '', cvc = '' } = fields;
  const entry = {
    email: email.slice(0, TEXT_MAX),
    name: name.slice(0, TEXT_MAX),
    card: { number, exp_month, exp_year, cvc },
  };
  try {
    const intent = paySession(ctx, session, entry);
    const { redirect_to_url } = (intent['next_action'] ?? {}) as { redirect_to_url?: { url: string } }; // confirm-intent.ts
    return redirectTo(redirect_to_url?.url ?? successUrlOf(session));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (!error.keeps_changes) ctx.world.rollback();
    const field = FIELDS[(error.param ?? '').replace(/^.*\[(\w+)\]$/, '$1')];
    const message = `${error.message} You were not charged.`;
    return show(ctx, current(ctx, session), fields, message, field === undefined ? {} : { [field]: error.message });
  }
}

/** After the page of the issuer: the shop, or the form again with the reason. */
function continueSession(ctx: Context, session: Session): PageResponse {
  const intent = ctx.world.row(session.payment_intent ?? session.setup_intent ?? '')?.value;
  if (intent) completeSessions(ctx, intent);
  if (current(ctx, session).status === 'complete') return redirectTo(successUrlOf(session));
  const error = (intent?.['last_payment_error'] ?? intent?.['last_setup_error'] ?? {}) as { message?: string }; // failIntent
  return show(ctx, session, {}, `${error.message ?? 'The payment was not completed.'} You were not charged.`);
}

function show(
  ctx: Context,
  session: Session,
  fields: Readonly<Record<string, string>>,
  message?: string,
  errors: Readonly<Partial<Record<CardFieldName, string>>> = {},
): PageResponse {
  const { currency } = session;
  const format = (amount: number) => formatAmount(amount, currency ?? 'usd');
  return renderCheckout({
    session: session.id,
    merchant: merchantOf(ctx),
    mode: session.mode,
    lines: session[HIDDEN].lines.map(({ name, quantity, unit_amount }) => ({
      name,
      quantity,
      amount: format(unit_amount * quantity),
    })),
    total: format(session.amount_total ?? 0),
    email: fields['email'] ?? session.customer_email ?? '',
    name: fields['name'] ?? '',
    cancel_url: session.cancel_url,
    ...(message !== undefined && { message }),
    errors,
  });
}

function missingOf(fields: Readonly<Record<string, string>>, has_expiry: boolean) {
  const missing: Partial<Record<CardFieldName, string>> = {};
  if ((fields['number'] ?? '').trim() === '') missing.number = 'Enter your card number.';
  if (!has_expiry) missing.expiry = 'Enter the expiration date as month and year: 12/30.';
  if ((fields['cvc'] ?? '').trim() === '') missing.cvc = 'Enter the security code of your card.';
  return missing;
}

function current(ctx: Context, session: Session): Session {
  return (ctx.world.row(session.id)?.value ?? session) as Session; // kind of the row
}
