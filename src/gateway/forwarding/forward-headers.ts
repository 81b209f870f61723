import { isOwnCookie } from '#platform/http/cookies';
import { hop_by_hop, refuseForwardedHeader } from '#platform/http/forwardable-header';
import type { SessionCarrier } from '../sessions/index.ts';

/** Network facts of the caller, derived with regard to the trusted proxies. */
export interface Caller {
  readonly ip: string;
  /** `https` or `http`. */
  readonly scheme: string;
  readonly host: string;
  /** Id of the request in Tollgate's log. */
  readonly request_id: string;
}

/**
 * Standard request fields that reach the upstream: content, negotiation, conditions, ranges, caching, tracing and
 * browser context. Excludes `From` and `Baggage`, which applications read as facts about the user.
 */
const standard_fields = new Set([
  'accept',
  'accept-charset',
  'accept-encoding',
  'accept-language',
  'access-control-request-headers',
  'access-control-request-method',
  'cache-control',
  'content-digest',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-length',
  'content-location',
  'content-md5',
  'content-range',
  'content-type',
  'date',
  'device-memory',
  'digest',
  'dnt',
  'downlink',
  'dpr',
  'ect',
  'idempotency-key',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'last-event-id',
  'origin',
  'pragma',
  'prefer',
  'priority',
  'purpose',
  'range',
  'referer',
  'repr-digest',
  'rtt',
  'save-data',
  'sec-fetch-dest',
  'sec-fetch-mode',
  'sec-fetch-site',
  'sec-fetch-storage-access',
  'sec-fetch-user',
  'sec-gpc',
  'sec-purpose',
  'sec-websocket-extensions',
  'sec-websocket-key',
  'sec-websocket-protocol',
  'sec-websocket-version',
  'service-worker',
  'service-worker-navigation-preload',
  'traceparent',
  'tracestate',
  'upgrade-insecure-requests',
  'user-agent',
  'viewport-width',
  'want-content-digest',
  'want-digest',
  'want-repr-digest',
  'width',
]);
/** Client hints, which only browsers set. */
const client_hint = /^sec-ch-[a-z0-9-]+$/;

/** Response fields that affect the whole host or the proxy in front, or that the gateway sets itself. */
const withheld_response_fields = new Set([
  'alt-svc',
  'clear-site-data',
  'expect-ct',
  'nel',
  'public-key-pins',
  'public-key-pins-report-only',
  'report-to',
  'strict-transport-security',
  'x-request-id',
  'x-sendfile',
]);
const withheld_response_families = /^x-(?:accel|lighttpd|litespeed|reproxy|tollgate)-/;
const content_fields = /^content-(?:length|type|encoding)$/;
/** Request ids of a client or of a proxy in front that are safe to log. */
const request_id_value = /^[-\w.:/+=@]{1,128}$/;

/**
 * Returns true if a request field of the caller may reach the upstream unchanged. `name` is in lower case.
 * `further` are the names of FORWARDED_HEADERS, allowed in addition to the standard ones.
 */
export function mayForward(name: string, further: ReadonlySet<string>): boolean {
  if (standard_fields.has(name) || client_hint.test(name)) return true;
  return further.has(name) && refuseForwardedHeader(name) === null;
}

/**
 * Builds the fields of the forwarded request: the allowed ones of the caller without cookies and credentials of
 * Tollgate, then those that the gateway sets: session, host, forwarding and request id.
 *
 * `raw` alternates names and values. A CORS preflight is sent without cookies and session.
 */
export function buildRequestHeaders(
  raw: readonly string[],
  caller: Caller,
  {
    session,
    further,
    is_preflight = false,
  }: { session: SessionCarrier | null; further: ReadonlySet<string>; is_preflight?: boolean },
): string[] {
  const headers: string[] = [];
  const cookies: string[] = [];
  const named = findConnectionFields(raw);
  let { request_id } = caller;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const [name, value] = [raw[index] ?? '', raw[index + 1] ?? ''];
    const key = name.toLowerCase();
    if (key === 'cookie') cookies.push(...findUpstreamCookies(value));
    else if (key === 'x-request-id') request_id = further.has(key) && request_id_value.test(value) ? value : request_id;
    else if (mayForward(key, further) && !named.has(key)) headers.push(name, value);
  }
  if (is_preflight) cookies.length = 0;
  else if (session?.name === 'cookie') cookies.push(session.value);
  if (cookies.length > 0) headers.push('Cookie', cookies.join('; '));
  if (session?.name === 'authorization' && !is_preflight) headers.push('Authorization', session.value);
  headers.push('Host', caller.host, 'X-Forwarded-Host', caller.host, 'X-Forwarded-Proto', caller.scheme);
  headers.push('X-Forwarded-For', caller.ip, 'X-Real-IP', caller.ip, 'X-Request-ID', request_id);
  return headers;
}

/**
 * Builds the fields of the response to the caller. Excludes hop-by-hop fields, cookies with a name of Tollgate, and the
 * length of a body that the status excludes.
 *
 * `transport_policy` is the Strict-Transport-Security of the site, or null. It replaces the one of the upstream.
 */
export function buildResponseHeaders(
  raw: readonly string[],
  { request_id, status, transport_policy }: { request_id: string; status: number; transport_policy: string | null },
): string[] {
  const headers: string[] = ['x-request-id', request_id];
  if (transport_policy !== null) headers.push('strict-transport-security', transport_policy);
  const named = findConnectionFields(raw);
  const has_no_content = status < 200 || status === 204 || status === 205;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const [name, value] = [raw[index] ?? '', raw[index + 1] ?? ''];
    const key = name.toLowerCase();
    if (hop_by_hop.has(key) || named.has(key)) continue;
    if (withheld_response_fields.has(key) || withheld_response_families.test(key)) continue;
    if (has_no_content ? content_fields.test(key) : status === 304 && key === 'content-length') continue;
    if (key === 'set-cookie' && !isUpstreamCookie(value)) continue;
    headers.push(name, value);
  }
  return headers;
}

const no_names: ReadonlySet<string> = new Set();
/** The usual values of `Connection`, by their bytes. */
const usual_connections = new Map<string, ReadonlySet<string>>([
  ['keep-alive', new Set(['keep-alive'])],
  ['close', new Set(['close'])],
]);

/** Returns the names that `Connection` lists: hop-by-hop fields of this message (RFC 9110 §7.6.1). */
function findConnectionFields(raw: readonly string[]): ReadonlySet<string> {
  let names = no_names;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index];
    if (name?.length !== 10 || name.toLowerCase() !== 'connection') continue;
    const value = raw[index + 1] ?? '';
    const listed = usual_connections.get(value) ?? value.split(',').map((token) => token.trim().toLowerCase());
    names = names.size === 0 && listed instanceof Set ? listed : new Set([...names, ...listed]);
  }
  return names;
}

/** Returns the cookies of a header without those of Tollgate. */
function findUpstreamCookies(header: string): string[] {
  return header
    .split(';')
    .map((cookie) => cookie.trim())
    .filter((cookie) => cookie !== '' && isUpstreamCookie(cookie));
}

/**
 * False for cookies of Tollgate, with or without the prefix `__Secure-`, and for cookies without a name: browsers send
 * `=sessionid=x` as `sessionid=x`.
 */
function isUpstreamCookie(cookie: string): boolean {
  const name = cookie.split(/[=;]/, 1)[0]?.trim() ?? '';
  return name !== '' && !isOwnCookie(name.replace(/^__secure-/i, ''));
}
