import {
  choice,
  defineEndpoint,
  defineList,
  defineRetrieve,
  findOr404,
  invalidRequest,
  list_params,
  mergeMetadata,
  metadata,
  missingObject,
  pageOf,
  pathId,
  innerList,
  unsupported,
  text,
  HIDDEN,
  type Call,
  type Context,
  type Kind,
  type StoredObject,
  type Values,
} from '../engine/index.ts';
import { assertChargeable, newObject } from '../objects/index.ts';
import { blankObject } from '../shapes/index.ts';
import { session_params } from './session-params.ts';
import { expireSession, expireWhenDue, openSession, type Session, type SessionLine } from './session.ts';

type Params = Values<typeof session_params>;

const MINUTE_S = 60;
const LIFE_S_MIN = 30 * MINUTE_S;
const LIFE_S_MAX = 24 * 3_600;
const ID_LENGTH = 58;

const create = defineEndpoint('POST /v1/checkout/sessions', session_params, (call, params) => {
  const { mode, success_url } = params;
  if (mode === 'subscription') throw unsupported('Checkout in mode subscription');
  if (params.ui_mode !== undefined && params.ui_mode !== 'hosted_page')
    throw unsupported(`Checkout with ui_mode ${params.ui_mode}`);
  if (success_url === undefined)
    throw invalidRequest('parameter_missing', 'Missing required param: success_url.', 'success_url');
  assertUrl(success_url, 'success_url');
  if (params.cancel_url !== undefined) assertUrl(params.cancel_url, 'cancel_url');
  if (params.customer !== undefined) assertCustomer(call, params.customer);
  const lines = mode === 'payment' ? readLines(call, params) : [];
  const amount = lines.reduce((sum, { unit_amount, quantity }) => sum + unit_amount * quantity, 0);
  const currency = lines[0]?.currency ?? params.currency?.toLowerCase() ?? null;
  if (mode === 'payment' && currency !== null) assertChargeable(amount, currency);
  return openSession(call, newSession(call, params, { mode, success_url, lines, amount, currency }));
});

const update = defineEndpoint('POST /v1/checkout/sessions/:id', { metadata: metadata() }, (call, params) => {
  const session = findSession(call, pathId(call));
  return call.world.patch(session, { metadata: mergeMetadata(session.metadata, params.metadata) });
});

const expire = defineEndpoint('POST /v1/checkout/sessions/:id/expire', {}, (call) => {
  const session = findSession(call, pathId(call));
  if (session.status !== 'open') {
    const message = `Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of ${session.status}.`;
    throw invalidRequest(undefined, message);
  }
  return expireSession(call, session);
});

const listLines = defineEndpoint('GET /v1/checkout/sessions/:id/line_items', list_params, (call, params) => {
  const session = findSession(call, pathId(call));
  // Pages have the newest first, and lines are in the order of the session.
  return pageOf(call, linesOf(call, session).toReversed(), params);
});

/** Hosted payment pages. */
export const checkout_session_kind: Kind = {
  name: 'checkout.session',
  prefix: 'cs',
  expandable: ['customer', 'line_items', 'payment_intent', 'setup_intent'],
  render: (ctx, value) => {
    const session = value as Session; // rows of openSession
    const lines = linesOf(ctx, session).toReversed();
    return { line_items: innerList(`/v1/checkout/sessions/${session.id}/line_items`, lines) };
  },
  tasks: { expire_session: expireWhenDue },
  endpoints: [
    create,
    update,
    expire,
    listLines,
    defineRetrieve('/v1/checkout/sessions/:id', 'checkout.session'),
    defineList('/v1/checkout/sessions', 'checkout.session', {
      customer: text(255),
      payment_intent: text(255),
      status: choice('open', 'complete', 'expired'),
    }),
  ],
};

/** Returns a session. @throws ApiError 404 */
export function findSession(ctx: Pick<Context, 'world' | 'scope'>, id: string): Session {
  return findOr404(ctx, 'checkout.session', id) as Session; // rows of openSession
}

function newSession(
  call: Call,
  params: Params,
  facts: {
    mode: 'payment' | 'setup';
    success_url: string;
    lines: readonly SessionLine[];
    amount: number;
    currency: string | null;
  },
): Session {
  const { world, scope, settings } = call;
  const { mode, lines, amount, currency } = facts;
  const id = world.nextId(scope.livemode ? 'cs_live' : 'cs_test', scope, ID_LENGTH);
  const data = mode === 'payment' ? params.payment_intent_data : params.setup_intent_data;
  const is_saved = mode === 'setup' || params.payment_intent_data?.setup_future_usage !== undefined;
  return newObject<Session>(call, 'checkout.session', 'cs', {
    id,
    amount_subtotal: mode === 'payment' ? amount : null,
    amount_total: mode === 'payment' ? amount : null,
    automatic_tax: { ...blankObject('Session.AutomaticTax'), enabled: false },
    cancel_url: params.cancel_url ?? null,
    client_reference_id: params.client_reference_id ?? null,
    currency,
    custom_fields: [],
    custom_text: blankObject('Session.CustomText'),
    customer: params.customer ?? null,
    customer_creation: mode === 'payment' ? (params.customer_creation ?? 'if_required') : null,
    customer_email: params.customer_email ?? null,
    expires_at: readExpiry(call, params.expires_at),
    invoice_creation: null,
    locale: params.locale ?? null,
    metadata: mergeMetadata({}, params.metadata),
    mode,
    payment_method_collection: 'if_required',
    payment_method_types: ['card'],
    payment_status: mode === 'payment' ? 'unpaid' : 'no_payment_required',
    phone_number_collection: { enabled: false },
    shipping_options: [],
    status: 'open',
    submit_type: params.submit_type ?? null,
    success_url: facts.success_url,
    total_details: mode === 'payment' ? { amount_discount: 0, amount_shipping: 0, amount_tax: 0 } : null,
    ui_mode: 'hosted_page',
    url: `${settings.base_url}/c/pay/${id}`,
    [HIDDEN]: {
      lines,
      intent_data: { ...data },
      creates_customer: params.customer === undefined && (is_saved || params.customer_creation === 'always'),
    },
  });
}

function readLines(call: Call, params: Params): SessionLine[] {
  const { line_items = [] } = params;
  if (line_items.length === 0)
    throw invalidRequest('parameter_missing', 'Missing required param: line_items.', 'line_items');
  const currencies = new Set<string>();
  const lines = line_items.map(({ price, price_data, quantity }, index): SessionLine => {
    const at = `line_items[${index}]`;
    if (price !== undefined) throw missingObject('price', price, `${at}[price]`);
    if (!price_data)
      throw invalidRequest('parameter_missing', `Missing required param: ${at}[price_data].`, `${at}[price_data]`);
    if (quantity === undefined)
      throw invalidRequest('parameter_missing', `Missing required param: ${at}[quantity].`, `${at}[quantity]`);
    const currency = price_data.currency.toLowerCase();
    currencies.add(currency);
    return {
      id: call.world.nextId('li', call.scope),
      name: price_data.product_data.name,
      quantity,
      unit_amount: price_data.unit_amount,
      currency,
      price: call.world.nextId('price', call.scope),
      product: call.world.nextId('prod', call.scope, 14),
    };
  });
  if (currencies.size > 1) {
    const message = 'All line items must have the same currency.';
    throw invalidRequest(undefined, message, 'line_items');
  }
  return lines;
}

function readExpiry({ world }: Call, expires_at = world.now + LIFE_S_MAX): number {
  const life_s = expires_at - world.now;
  if (life_s >= LIFE_S_MIN && life_s <= LIFE_S_MAX) return expires_at;
  const message = 'The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.';
  throw invalidRequest(undefined, message, 'expires_at');
}

/** The lines of a session as the API shows them. */
function linesOf(ctx: Context, session: Session): StoredObject[] {
  return session[HIDDEN].lines.map((line) => {
    const { id, name, quantity, unit_amount, currency } = line;
    const amount = unit_amount * quantity;
    return {
      ...blankObject('item'),
      id,
      object: 'item',
      amount_discount: 0,
      amount_subtotal: amount,
      amount_tax: 0,
      amount_total: amount,
      currency,
      description: name,
      price: priceOf(ctx, session, line),
      quantity,
    };
  });
}

function priceOf(ctx: Context, session: Session, { price, product, unit_amount, currency }: SessionLine) {
  return {
    ...blankObject('price'),
    id: price,
    active: false,
    billing_scheme: 'per_unit',
    created: session.created,
    currency,
    livemode: ctx.scope.livemode,
    metadata: {},
    product,
    tax_behavior: 'unspecified',
    type: 'one_time',
    unit_amount,
    unit_amount_decimal: String(unit_amount),
  };
}

function assertCustomer(call: Call, id: string): void {
  if (findOr404(call, 'customer', id, 'customer')['deleted'] === true) throw missingObject('customer', id, 'customer');
}

function assertUrl(url: string, param: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (!parsed || !/^https?:$/.test(parsed.protocol)) throw invalidRequest('url_invalid', 'Not a valid URL', param);
}
