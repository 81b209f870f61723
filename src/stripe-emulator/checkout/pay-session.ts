import { HIDDEN, type Context, type StoredObject } from '../engine/index.ts';
import { callEndpoint } from './call-endpoint.ts';
import { completeSessions, type Session } from './session.ts';

/** What a buyer entered on the hosted page. The card is passed on and not kept. */
export interface BuyerEntry {
  readonly email: string;
  readonly name: string;
  readonly card: {
    readonly number: string;
    readonly exp_month: string;
    readonly exp_year: string;
    readonly cvc: string;
  };
}

/**
 * Pays an open session, or saves the card: makes the intent at the first try and confirms the same one later.
 *
 * Returns the intent; it asks for authentication when its status is `requires_action`.
 * @throws ApiError 402 when the card is refused; the session stays open
 */
export function paySession(ctx: Context, session: Session, entry: BuyerEntry): StoredObject {
  const method = callEndpoint(ctx, 'POST /v1/payment_methods', {
    type: 'card',
    card: entry.card,
    billing_details: { name: orNull(entry.name), email: orNull(entry.email) },
  });
  const ready = withCustomer(ctx, session, entry);
  const kind = ready.mode === 'setup' ? 'setup_intent' : 'payment_intent';
  const id = ready[kind] ?? createIntent(ctx, ready, kind).id;
  const return_url = `${ctx.settings.base_url}/c/pay/${session.id}/return`;
  const intent = callEndpoint(ctx, `POST /v1/${kind}s/:id/confirm`, { payment_method: method.id, return_url }, { id });
  completeSessions(ctx, intent);
  return intent;
}

/** Keeps what the buyer entered, and makes the customer that the session asks for. */
function withCustomer(ctx: Context, session: Session, { email, name }: BuyerEntry): Session {
  const customer_details = {
    address: null,
    business_name: null,
    email: orNull(email),
    individual_name: null,
    name: orNull(name),
    phone: null,
    tax_exempt: 'none',
    tax_ids: [],
  };
  const { creates_customer } = session[HIDDEN];
  const customer =
    session.customer ??
    (creates_customer
      ? callEndpoint(ctx, 'POST /v1/customers', { email: orNull(email), name: orNull(name) }).id
      : null);
  return ctx.world.patch(session, { customer, customer_details });
}

function createIntent(ctx: Context, session: Session, kind: 'payment_intent' | 'setup_intent'): StoredObject {
  const { intent_data } = session[HIDDEN];
  const money = kind === 'payment_intent' ? { amount: session.amount_total, currency: session.currency } : {};
  const usage = kind === 'setup_intent' ? { usage: 'off_session' } : {};
  const intent = callEndpoint(ctx, `POST /v1/${kind}s`, {
    ...money,
    ...usage,
    ...intent_data,
    customer: session.customer,
  });
  ctx.world.patch(session, { [kind]: intent.id });
  return intent;
}

function orNull(text: string): string | null {
  return text === '' ? null : text;
}
