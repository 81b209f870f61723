import { isOwnCookie } from '#platform/http/cookies';
import type { SessionCarrier } from './session-token.ts';

/** Where the caller is, as the platform knows it after judging the proxies in between. */
export interface Caller {
  readonly ip: string;
  /** `https` or `http`. */
  readonly scheme: string;
  readonly host: string;
  /** Under which the request is logged, here and hopefully there. */
  readonly request_id: string;
}

/** Fields that belong to one connection (RFC 9110 §7.6.1), beside those that `Connection` names. */
const hop_by_hop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'trailers',
  'transfer-encoding',
  'upgrade',
]);

/** Request fields of the open Web that applications read. `x-` fields and those of the families below pass too. */
const request_fields = new Set([
  'accept',
  'accept-charset',
  'accept-encoding',
  'accept-language',
  'access-control-request-headers',
  'access-control-request-method',
  'baggage',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-length',
  'content-location',
  'content-md5',
  'content-range',
  'content-type',
  'date',
  'depth',
  'destination',
  'device-memory',
  'digest',
  'dnt',
  'downlink',
  'dpr',
  'ect',
  'from',
  'idempotency-key',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'last-event-id',
  'origin',
  'overwrite',
  'ping-from',
  'ping-to',
  'pragma',
  'prefer',
  'priority',
  'purpose',
  'range',
  'referer',
  'repr-digest',
  'rtt',
  'save-data',
  'service-worker',
  'signature',
  'signature-input',
  'soapaction',
  'traceparent',
  'tracestate',
  'upgrade-insecure-requests',
  'user-agent',
  'viewport-width',
  'want-digest',
  'width',
]);
const request_families =
  /^(?:x|sec|hx|turbo|up|unpoly|datastar|tus|upload|apollo|connect|grpc|github|gitlab|stripe|svix|webhook|twilio|paypal)-|-signature$/;

/**
 * Fields by which a proxy vouches for the caller or overrides the request: only ours may reach the upstream.
 * A method override would turn a read that the rules allow into a write.
 */
const vouching_families =
  /^x-(?:forwarded|original|originating|rewrite|remote|real|envoy|accel|sendfile|auth|authenticated|http-method|webauth|amzn-oidc|goog-authenticated|goog-iap|ms-client-principal|token|cluster-client|proxyuser|arr|tollgate)(?:-|$)/;
const vouching_fields = new Set([
  'x-client-ip',
  'x-request-id',
  'x-host',
  'x-method-override',
  'x-ssl-client-cert',
  'x-client-cert',
  'x-user',
  'x-user-id',
  'x-user-email',
  'x-user-name',
  'x-user-roles',
  'x-username',
  'x-email',
  'x-groups',
  'x-roles',
]);

/** Says whether a request field of the caller, in lower case, may reach the upstream as it is. */
export function mayForward(name: string): boolean {
  // An underscore becomes a dash in CGI-like servers: x_forwarded_for would pass for ours.
  if (name.includes('_') || hop_by_hop.has(name)) return false;
  if (vouching_fields.has(name) || vouching_families.test(name)) return false;
  return request_fields.has(name) || request_families.test(name);
}

/**
 * Makes the fields of the forwarded request: an allow-list of the caller's, without our cookies and credentials,
 * then what we vouch for.
 *
 * `raw` alternates names and values, as Node gives them.
 */
export function requestHeaders(raw: readonly string[], caller: Caller, session: SessionCarrier | null): string[] {
  const headers: string[] = [];
  const cookies: string[] = [];
  const named = namedByConnection(raw);
  for (const [name, value] of pairs(raw)) {
    const key = name.toLowerCase();
    if (key === 'cookie') cookies.push(...foreignCookies(value));
    else if (mayForward(key) && !named.has(key)) headers.push(name, value);
  }
  if (session?.name === 'cookie') cookies.push(session.value);
  if (cookies.length > 0) headers.push('Cookie', cookies.join('; '));
  if (session?.name === 'authorization') headers.push('Authorization', session.value);
  headers.push('Host', caller.host, 'X-Forwarded-Host', caller.host, 'X-Forwarded-Proto', caller.scheme);
  headers.push('X-Forwarded-For', caller.ip, 'X-Real-IP', caller.ip, 'X-Request-ID', caller.request_id);
  return headers;
}

/**
 * Keeps what of an answer is for the caller: not the connection's fields, and no cookie under a name of ours.
 * The request is named once, by us.
 */
export function responseHeaders(raw: readonly string[], request_id: string): string[] {
  const headers: string[] = ['x-request-id', request_id];
  const named = namedByConnection(raw);
  for (const [name, value] of pairs(raw)) {
    const key = name.toLowerCase();
    if (hop_by_hop.has(key) || named.has(key) || key === 'x-request-id') continue;
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
