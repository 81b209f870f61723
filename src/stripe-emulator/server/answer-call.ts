import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseFault } from '../faults/index.ts';
import {
  API_VERSION,
  ApiError,
  canonicalText,
  dropOldKeys,
  findStored,
  finishKey,
  invalidRequest,
  isHash,
  parseForm,
  present,
  rawOf,
  releaseKey,
  scopeName,
  startKey,
  type Call,
  type Endpoint,
  type Fault,
  type KeyedCall,
  type RawHash,
  type Scope,
} from '../engine/index.ts';
import type { Emulator } from './emulator.ts';
import { errorAnswer, internalError, jsonText, type Answer, type Head } from './error-answer.ts';
import { assertPermitted, authenticate, notPermitted, unauthorized, type ApiKey } from './key-ring.ts';
import { isUnbuilt, type Match } from './router.ts';

/** A request as the server read it. */
export interface CallRequest {
  readonly method: string;
  readonly pathname: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

const VERSION = /^\d{4}-\d{2}-\d{2}(?:\.[a-z]+)?(?:;.*)?$/;

/** Reads a call, does its work and returns the answer. The work itself is synchronous: no other call is in between. */
export async function answerCall(emulator: Emulator, request: CallRequest): Promise<Answer> {
  emulator.tick();
  const id = emulator.world.nextId('req', { account: '', livemode: false }, 14);
  emulator.commit();
  const head: Head = { request: id, headers: { 'Request-Id': id, 'Content-Type': 'application/json' } };
  let faults: Fault[] = [];
  let answer: Answer;
  try {
    faults = faultsOf(emulator, request);
    answer = await work(emulator, request, head, faults);
  } catch (error) {
    emulator.world.rollback();
    answer = errorAnswer(emulator, head, error);
  }
  emulator.log({
    id,
    at: emulator.world.now,
    method: request.method,
    path: request.pathname,
    account: request.headers['stripe-account'] ?? '',
    status: answer.status,
    idempotency_key: request.headers['idempotency-key'] ?? null,
    faults: faults.map(({ name }) => name),
  });
  return { ...answer, faults };
}

async function work(emulator: Emulator, request: CallRequest, head: Head, faults: Fault[]): Promise<Answer> {
  const has = (name: string) => faults.some((fault) => fault.name === name);
  const key = authenticate(emulator.world, request.headers['authorization']);
  assertNoFault(faults, key);
  const scope = scopeOfCall(emulator, request, key);
  setVersion(request, head);
  const match = findMatch(emulator, request, key);
  const raw = readParameters(request);
  const metadata = raw['metadata'];
  const named = isHash(metadata) ? metadata['emulator_fault'] : undefined;
  if (typeof named === 'string') faults.push(...readFault(named));
  if (has('500_before')) throw internalError();
  const expand = takeExpand(raw);
  const keyed = keyedCall(request, head, raw, expand);
  const owner = scopeName(scope);
  if (keyed) {
    head.headers['Idempotency-Key'] = keyed.key;
    const stored = findStored(emulator.world, owner, keyed);
    if (stored) {
      const headers = { ...head.headers, 'Idempotent-Replayed': 'true', 'Original-Request': stored.request };
      return { status: stored.status ?? 500, headers, body: stored.body, faults };
    }
  }
  const call: Call = {
    ...emulator.contextOf(scope),
    request: { id: head.request, idempotency_key: keyed?.key ?? null },
    path: match.path,
    url: request.pathname,
    is_publishable: key.type === 'publishable',
    faults,
  };
  const run = match.endpoint.prepare(call, raw);
  if (keyed) dropOldKeys(emulator.world);
  if (keyed) startKey(emulator.world, owner, keyed);
  emulator.commit();
  const slow = faults.find(({ name }) => name === 'slow');
  if (slow) {
    await sleep(Number(slow.values['ms'] ?? 1000));
    emulator.tick();
  }
  return perform(emulator, { run, call, expand, head, keyed, owner });
}

interface Prepared {
  readonly run: () => Record<string, unknown>;
  readonly call: Call;
  readonly expand: readonly string[];
  readonly head: Head;
  readonly keyed: KeyedCall | null;
  readonly owner: string;
}

/** Does the work of a call in one unit: the changes, the events and the answer of its key stay or vanish together. */
function perform(emulator: Emulator, { run, call, expand, head, keyed, owner }: Prepared): Answer {
  const { world } = emulator;
  let answer: Answer;
  try {
    answer = { status: 200, headers: head.headers, body: jsonText(present(call, run(), expand)), faults: [] };
  } catch (error) {
    if (!(error instanceof ApiError && error.keeps_changes)) world.rollback();
    answer = errorAnswer(emulator, head, error, call);
  }
  const is_500_stored = call.faults.some(({ name }) => name === '500_stored');
  if (is_500_stored) answer = errorAnswer(emulator, head, internalError());
  if (keyed) {
    if (answer.status === 429) releaseKey(world, owner, keyed.key);
    else finishKey(world, owner, keyed.key, answer);
  }
  emulator.commit();
  return answer;
}

/** Faults of the header and of the rules. */
function faultsOf(emulator: Emulator, { headers, method, pathname, body }: CallRequest): Fault[] {
  const named = headers['tollgate-emulator-fault'];
  const account = headers['stripe-account'] ?? '';
  const picked = emulator.faults.pick({ method, path: pathname, account, body }, 'call');
  return [...(named === undefined ? [] : readFault(named)), ...picked];
}

function readFault(text: string): Fault[] {
  try {
    return [parseFault(text)];
  } catch {
    throw invalidRequest('parameter_unknown', `Unknown fault: ${text.slice(0, 60)}`);
  }
}

/** Faults that refuse the call before anything happens. */
function assertNoFault(faults: readonly Fault[], key: ApiKey): void {
  for (const { name, values } of faults) {
    const headers: Record<string, string> =
      values['should_retry'] === undefined ? {} : { 'Stripe-Should-Retry': values['should_retry'] };
    const type = 'invalid_request_error';
    if (name === '429')
      throw new ApiError(429, { type, code: 'rate_limit', message: 'Request rate limit exceeded.' }, {}, headers);
    if (name === '409_lock') {
      const message = 'This object cannot be accessed right now because another API request is accessing it.';
      throw new ApiError(409, { type, code: 'lock_timeout', message }, {}, headers);
    }
    if (name === '402') {
      const { code = 'card_declined', ...extra } = values;
      throw new ApiError(402, { type: 'card_error', code, message: 'Your card was declined.' }, extra);
    }
    if (name === '401') throw unauthorized('api_key_expired', 'Expired API Key provided');
    if (name === '403') throw notPermitted(key.key, values['permission'] ?? 'charge_write');
  }
}

function scopeOfCall(emulator: Emulator, { headers }: CallRequest, { livemode, key }: ApiKey): Scope {
  const platform = { account: '', livemode };
  const account = headers['stripe-account'] ?? headers['stripe-context']?.split('/').at(-1);
  if (account === undefined || account === '') return platform;
  const found = emulator.world.get(platform, 'account', account);
  const hidden = (found?.['$'] ?? {}) as { is_platform?: boolean; is_deauthorized?: boolean }; // written by the kind account
  if (!found || found['deleted'] === true || hidden.is_deauthorized) {
    const message = `The provided key '${key.slice(0, 8)}****' does not have access to account '${account}' (or that account does not exist). Application access may have been revoked.`;
    throw new ApiError(403, { type: 'invalid_request_error', code: 'account_invalid', message });
  }
  return hidden.is_platform ? platform : { account, livemode };
}

function setVersion({ headers }: CallRequest, head: Head): void {
  const version = headers['stripe-version'] ?? API_VERSION;
  if (!VERSION.test(version)) throw invalidRequest(undefined, `Invalid Stripe API version: ${version.slice(0, 40)}`);
  head.headers['Stripe-Version'] = version;
  const account = headers['stripe-account'];
  if (account !== undefined) head.headers['Stripe-Account'] = account;
  if (version !== API_VERSION)
    head.headers['Stripe-Notice'] = `The emulator answers in the shape of ${API_VERSION}; ${version} was asked for.`;
}

function findMatch(emulator: Emulator, { method, pathname }: CallRequest, key: ApiKey): Match<Endpoint> {
  const match = emulator.router.find(method, pathname);
  if (!match) {
    if (isUnbuilt(pathname)) {
      const name = `${method} ${pathname}`;
      emulator.unsupported.set(name, (emulator.unsupported.get(name) ?? 0) + 1);
      const message = `The emulator does not support ${name}.`;
      throw new ApiError(501, { type: 'api_error', code: 'emulator_unsupported', message });
    }
    const message = `Unrecognized request URL (${method}: ${pathname}). Please see https://stripe.com/docs or we can help at https://support.stripe.com/.`;
    throw new ApiError(404, { type: 'invalid_request_error', message });
  }
  if (key.type === 'publishable' && !match.endpoint.is_publishable) {
    const message =
      'This API call cannot be made with a publishable API key. Please use a secret API key. You can find a list of your API keys at https://dashboard.stripe.com/account/apikeys.';
    throw new ApiError(403, { type: 'invalid_request_error', code: 'secret_key_required', message });
  }
  assertPermitted(key, match.endpoint.permission);
  return match;
}

function readParameters({ method, query, body, headers }: CallRequest): RawHash {
  if (method !== 'POST') return parseForm(query);
  if (headers['content-type']?.includes('application/json')) {
    const raw = rawOf(body === '' ? {} : parseJson(body));
    return isHash(raw) ? raw : parseForm('');
  }
  return parseForm(body === '' ? query : body);
}

function parseJson(text: string): unknown {
  try {
    const json: unknown = JSON.parse(text);
    return json;
  } catch {
    throw invalidRequest(undefined, 'The body is not valid JSON.');
  }
}

function takeExpand(raw: RawHash): string[] {
  const { expand } = raw;
  delete raw['expand'];
  if (expand === undefined) return [];
  const paths = isHash(expand) ? Object.values(expand) : [expand];
  return paths.map((path) => {
    if (typeof path !== 'string' || path.length > 200) throw invalidRequest(undefined, 'Invalid array', 'expand');
    return path;
  });
}

function keyedCall(
  { method, pathname, headers }: CallRequest,
  { request }: Head,
  raw: RawHash,
  expand: readonly string[],
): KeyedCall | null {
  const key = headers['idempotency-key'];
  const is_kept = method === 'POST' || (method === 'DELETE' && pathname.startsWith('/v2/'));
  if (key === undefined || key === '' || !is_kept) return null;
  // A hash: the parameters may contain a card number, and the state is written to disk.
  const parameters = createHash('sha256')
    .update(`${canonicalText(raw)} ${expand.toSorted().join()}`)
    .digest('base64');
  return { key, method, url: pathname, parameters, request };
}
