import { isOwnCookie } from '#platform/http/cookies';
import { hop_by_hop, refuseForwardedHeader } from '#platform/http/forwardable-header';
import type { SessionCarrier } from '../sessions/index.ts';

/** Network facts of the caller after the trusted proxies were taken into account. */
export interface Caller {
  readonly ip: string;
  /** `https` or `http`. */
  readonly scheme: string;
  readonly host: string;
  /** Id of the request in Tollgate's log. */
  readonly request_id: string;
}

/**
 * Standard request fields that reach the upstream: content, negotiation, conditions, ranges, caching, tracing, browser context.
 * `From` and `Baggage` are left out because applications read them as facts about the user.
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

/** Response fields by which the upstream would act on the whole site, on the proxy in front, or in the gateway's name. */
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
/** A request id that a client or a proxy in front chose, when it is safe to log. */
const request_id_value = /^[-\w.:/+=@]{1,128}$/;

/**
 * Returns true if a request field of the caller may reach the upstream unchanged. `name` in lower case.
 * `further` are the names that the site allows beside the standard ones.
 */
export function mayForward(name: string, further: ReadonlySet<string>): boolean {
  if (standard_fields.has(name) || client_hint.test(name)) return true;
  return further.has(name) && refuseForwardedHeader(name) === null;
}

/**
 * Builds the fields of the forwarded request: the allowed ones of the caller without Tollgate's cookies and credentials,
 * then those that the gateway vouches for.
 *
 * `raw` alternates names and values. A CORS preflight is sent without cookies and session: it has no identity.
 */
export function requestHeaders(
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
  const named = namedByConnection(raw);
  let { request_id } = caller;
  for (const [name, value] of pairs(raw)) {
    const key = name.toLowerCase();
    if (key === 'cookie') cookies.push(...foreignCookies(value));
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
 * Returns the fields of the upstream's response that are for the caller: no hop-by-hop field, no cookie under a name of
 * Tollgate, no length of a body that the status excludes.
 *
 * `transport_policy` is the gateway's own Strict-Transport-Security, or null: the host is the gateway's.
 */
export function responseHeaders(
  raw: readonly string[],
  { request_id, status, transport_policy }: { request_id: string; status: number; transport_policy: string | null },
): string[] {
  const headers: string[] = ['x-request-id', request_id];
  if (transport_policy !== null) headers.push('strict-transport-security', transport_policy);
  const named = namedByConnection(raw);
  const has_no_content = status < 200 || status === 204 || status === 205;
  for (const [name, value] of pairs(raw)) {
    const key = name.toLowerCase();
    if (hop_by_hop.has(key) || named.has(key)) continue;
    if (withheld_response_fields.has(key) || withheld_response_families.test(key)) continue;
    if (has_no_content ? content_fields.test(key) : status === 304 && key === 'content-length') continue;
    if (key === 'set-cookie' && !isForeignCookie(value)) continue;
    headers.push(name, value);
  }
  return headers;
}

function namedByConnection(raw: readonly string[]): Set<string> {
  const names = new Set<string>();
  for (const [name, value] of pairs(raw)) {
    if (name.toLowerCase() !== 'connection') continue;
    for (const token of value.split(',')) names.add(token.trim().toLowerCase());
  }
  return names;
}

function foreignCookies(header: string): string[] {
  return header
    .split(';')
    .map((cookie) => cookie.trim())
    .filter((cookie) => cookie !== '' && isForeignCookie(cookie));
}

/**
 * Refuses cookies of ours, and those without a name: browsers send `=sessionid=x` back as `sessionid=x`.
 * Why the prefix is cut: a cookie `__Secure-sessionid` is read as ours by nobody, but costs nothing to keep out.
 */
function isForeignCookie(cookie: string): boolean {
  const name = cookie.split(/[=;]/, 1)[0]?.trim() ?? '';
  return name !== '' && !isOwnCookie(name.replace(/^__secure-/i, ''));
}

function* pairs(raw: readonly string[]): Generator<[string, string]> {
  for (let index = 0; index + 1 < raw.length; index += 2) yield [raw[index] ?? '', raw[index + 1] ?? ''];
}
