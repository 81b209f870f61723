import { ApiError, invalidRequest, scopeOf, type Context, type StoredObject } from '../engine/index.ts';
import { completeSessions } from '../checkout/index.ts';
import { advancePayout, deauthorizeAccount, setAccountState, type Payout } from '../connect/index.ts';
import type { FaultRule } from '../faults/index.ts';
import {
  fraud_types,
  finishAuthentication,
  finishSetupAuthentication,
  moveDispute,
  moveRefund,
  openDispute,
  settleDelayed,
  updateFromIssuer,
  warnOfFraud,
  type CardUpdate,
  type Charge,
  type Dispute,
  type PaymentIntent,
  type PaymentMethod,
  type Refund,
  type SetupIntent,
} from '../objects/index.ts';
import { addKey, revokeKey, type CallRequest, type Emulator, type PageHandler } from '../server/index.ts';
import { rollSecret, type Dispatcher, type WebhookEndpoint } from '../webhooks/index.ts';
import { advanceTo, type Control } from './control.ts';

type Body = Readonly<Record<string, unknown>>;
interface Request {
  readonly method: string;
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
  readonly body: Body;
}

const PREFIX = '/_emulator/';
const DISPUTE_STATES = {
  won: 'won',
  lost: 'lost',
  under_review: 'under_review',
  open: 'needs_response',
  prevented: 'prevented',
  appeal_won: 'won',
} as const;

/** Returns the handler of `/_emulator/…`: JSON, loopback only, without a key. */
export function controlPages(emulator: Emulator, dispatcher: Dispatcher, api: Control): PageHandler {
  return async (request) => {
    if (!request.pathname.startsWith(PREFIX)) return null;
    emulator.tick();
    try {
      const answer = await act(emulator, dispatcher, api, readRequest(request));
      emulator.commit();
      return json(200, answer ?? { done: true });
    } catch (error) {
      emulator.world.rollback();
      if (error instanceof ApiError) return json(error.status, { error: { message: error.message } });
      return json(400, { error: { message: error instanceof Error ? error.message : 'The call failed.' } });
    }
  };
}

async function act(emulator: Emulator, dispatcher: Dispatcher, api: Control, request: Request): Promise<unknown> {
  const { method, parts, body, query } = request;
  const [area = '', id = '', verb = ''] = parts;
  switch (`${method} ${area}`) {
    case 'POST clock':
      await advanceTo(emulator, dispatcher, targetOf(emulator, body));
      return { now: api.now().toISOString() };
    case 'GET clock':
      return { now: api.now().toISOString() };
    case 'POST faults':
      api.addFault(faultRule(body));
      return { faults: emulator.faults.rules() };
    case 'GET faults':
      return { faults: emulator.faults.rules() };
    case 'DELETE faults':
      return api.clearFaults();
    case 'GET requests':
      return { requests: emulator.requests.filter(({ at }) => at >= Number(query.get('since') ?? 0)) };
    case 'GET deliveries':
      return { deliveries: dispatcher.attempts };
    case 'POST deliver':
      if (!dispatcher.redeliver(text(body, 'event'))) throw unknownObject('event', text(body, 'event'));
      return { done: true };
    case 'GET unsupported':
      return Object.fromEntries(emulator.unsupported);
    case 'GET invariants':
      return { violations: api.invariants() };
    case 'GET state':
      return { time_ms: emulator.world.time_ms, rows: Array.from(emulator.world.rows()) };
    case 'PUT state':
      return loadState(emulator, body);
    case 'POST reset':
      return api.reset(typeof body['seed'] === 'string' ? body['seed'] : undefined);
    case 'POST settings':
      return changeSettings(emulator, body);
    case 'POST keys':
      return changeKey(emulator, id, body);
    default:
      return actOnObject(emulator, `${method} ${area}`, id, verb, body);
  }
}

function actOnObject(emulator: Emulator, route: string, id: string, verb: string, body: Body): unknown {
  const [ctx, value] = find(emulator, id);
  if (value.object === 'account' || value.object === 'payout') return actOnAccount(ctx, value, wishOf(body));
  const charge = value as Charge;
  if (route === 'POST charges' && value.object === 'charge' && verb === 'dispute')
    return openDispute(ctx, charge, {
      reason: typeof body['reason'] === 'string' ? body['reason'] : 'fraudulent',
      is_inquiry: body['inquiry'] === true,
      amount: typeof body['amount'] === 'number' ? body['amount'] : undefined,
    });
  if (route === 'POST charges' && value.object === 'charge' && verb === 'fraud_warning') {
    const { fraud_type = 'unauthorized_use_of_card' } = body;
    const type = fraud_types.find((each) => each === fraud_type);
    if (type === undefined) throw new Error(`fraud_type: one of ${fraud_types.join(', ')}`);
    return warnOfFraud(ctx, charge, type);
  }
  if (route === 'POST disputes' && value.object === 'dispute') {
    const to = Object.entries(DISPUTE_STATES).find(([name]) => name === text(body, 'to'))?.[1];
    if (to === undefined) throw new Error(`to: one of ${Object.keys(DISPUTE_STATES).join(', ')}`);
    return moveDispute(ctx, value as Dispute, to);
  }
  if (route === 'POST refunds' && value.object === 'refund') {
    const to = (['succeeded', 'failed', 'canceled', 'pending'] as const).find((state) => state === body['to']);
    if (to === undefined) throw new Error('to: one of succeeded, failed, canceled, pending');
    return moveRefund(ctx, value as Refund, to);
  }
  if (route === 'POST payment_intents' && value.object === 'payment_intent') {
    const intent = value as PaymentIntent;
    const wish = wishOf(body);
    const is_delayed = wish === 'finish' || wish === 'fail_later';
    const after = is_delayed
      ? settleDelayed(ctx, intent, wish === 'fail_later')
      : finishAuthentication(ctx, intent, wish === 'approve');
    completeSessions(ctx, after);
    return after;
  }
  if (route === 'POST payment_methods' && value.object === 'payment_method' && verb === 'update')
    return updateFromIssuer(ctx, value as PaymentMethod, cardUpdate(body));
  if (route === 'POST webhook_endpoints' && value.object === 'webhook_endpoint' && verb === 'roll')
    return { secret: rollSecret(ctx, value as WebhookEndpoint) };
  if (route === 'POST setup_intents' && value.object === 'setup_intent') {
    const after = finishSetupAuthentication(ctx, value as SetupIntent, wishOf(body) === 'approve');
    completeSessions(ctx, after);
    return after;
  }
  throw unknownObject(route, id);
}

/** Onboarding and payouts, as the outside world decides them. */
function actOnAccount(ctx: Context, value: StoredObject, to: string): unknown {
  if (value.object === 'payout') {
    const state = (['in_transit', 'paid', 'failed', 'canceled'] as const).find((each) => each === to);
    if (state === undefined) throw new Error('to: one of in_transit, paid, failed, canceled');
    return advancePayout(ctx, value as Payout, state); // by kind
  }
  if (to === 'deauthorize') return deauthorizeAccount(ctx, value.id);
  const state = (['ready', 'review', 'restrict'] as const).find((each) => each === to);
  if (state === undefined) throw new Error('to: one of ready, review, restrict, deauthorize');
  return setAccountState(ctx, value.id, state);
}

function find(emulator: Emulator, id: string): [Context, StoredObject] {
  const row = emulator.world.row(id);
  if (!row || row.scope === '') throw unknownObject('object', id);
  return [emulator.contextOf(scopeOf(row.scope)), row.value];
}

/** `{ to: 'approve' }`, or `{ approve: true }`. */
function wishOf(body: Body): string {
  const named = Object.keys(body).find((name) => body[name] === true);
  return named ?? text(body, 'to');
}

/** `{ last4?, exp_month?, exp_year? }`. */
function cardUpdate({ last4, exp_month, exp_year }: Body): CardUpdate {
  const isIn = (value: unknown, min: number, max: number) =>
    value === undefined || (Number.isInteger(value) && Number(value) >= min && Number(value) <= max);
  if (last4 !== undefined && !(typeof last4 === 'string' && /^[0-9]{4}$/.test(last4)))
    throw new Error('last4: 4 digits');
  if (!isIn(exp_month, 1, 12)) throw new Error('exp_month: 1 to 12');
  if (!isIn(exp_year, 2000, 2100)) throw new Error('exp_year: 2000 to 2100');
  return {
    ...(typeof last4 === 'string' ? { last4 } : {}),
    ...(typeof exp_month === 'number' ? { exp_month } : {}),
    ...(typeof exp_year === 'number' ? { exp_year } : {}),
  };
}

function targetOf(emulator: Emulator, { now, advance_s }: Body): number {
  if (typeof advance_s === 'number' && advance_s >= 0) return emulator.clock_ms + advance_s * 1000;
  const at = typeof now === 'string' ? Date.parse(now) : Number.NaN;
  if (Number.isNaN(at)) throw new Error('now: an ISO instant, or advance_s: seconds');
  return at;
}

function faultRule(body: Body): FaultRule {
  const rule: unknown = { ...body, name: text(body, 'name') };
  return rule as FaultRule; // an unknown name is refused by the book; other fields only select requests
}

function loadState(emulator: Emulator, { rows, time_ms }: Body): void {
  if (!Array.isArray(rows)) throw new Error('rows: the rows of GET /_emulator/state');
  emulator.world.clear();
  for (const row of rows) emulator.world.restore(row as Parameters<typeof emulator.world.restore>[0]); // GET state wrote it
  emulator.world.time_ms = Math.max(emulator.world.time_ms, Number(time_ms ?? 0));
}

function changeSettings(emulator: Emulator, body: Body): unknown {
  for (const [name, value] of Object.entries(body)) {
    const known = Object.entries(emulator.settings).find(([key]) => key === name);
    if (!known || name === 'base_url' || typeof known[1] !== typeof value) throw new Error(`${name}: no such setting`);
    Object.assign(emulator.settings, { [name]: value });
  }
  return emulator.settings;
}

function changeKey(emulator: Emulator, key: string, { revoke, permissions }: Body): void {
  if (revoke === true) revokeKey(emulator.world, key);
  else addKey(emulator.world, key, Array.isArray(permissions) ? permissions.map(String) : null);
}

function text(body: Body, name: string): string {
  const value = body[name];
  if (typeof value !== 'string') throw new Error(`${name}: a text`);
  return value;
}

function unknownObject(kind: string, id: string): ApiError {
  return invalidRequest('resource_missing', `${kind} ${id} does not exist or has no such action.`);
}

function readRequest({ method, pathname, query, body }: CallRequest): Request {
  const parsed: unknown = body === '' ? {} : JSON.parse(body);
  if (typeof parsed !== 'object' || parsed === null) throw new Error('The body is a JSON object.');
  const parts = pathname.slice(PREFIX.length).split('/').map(decodeURIComponent);
  return { method, parts, query: new URLSearchParams(query), body: { ...parsed } };
}

function json(status: number, value: unknown): { status: number; headers: Record<string, string>; body: string } {
  return { status, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(value, undefined, 2) };
}
