const token = /^[-!#$%&'*+.^_`|~0-9a-z]+$/;

/** Hop-by-hop fields (RFC 9110 §7.6.1), in addition to those that `Connection` names. */
export const hop_by_hop: ReadonlySet<string> = new Set([
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

/**
 * Fields that the gateway sets or that change how the upstream parses the request: a caller's value is never forwarded.
 */
const reserved = new Set([
  'authorization',
  'content-length',
  'cookie',
  'cookie2',
  'expect',
  'forwarded',
  'host',
  'via',
]);
const reserved_families =
  /^(?:proxy|x-(?:forwarded|original|rewrite|real|accel|sendfile|http-method|method|tollgate))(?:-|$)/;

/**
 * Returns the reason why a request header of a caller must not be forwarded, or null.
 *
 * `name` in lower case. An underscore equals a dash in CGI servers, so that `x_real_ip` would pass for `X-Real-IP`.
 */
export function refuseForwardedHeader(name: string): string | null {
  if (!token.test(name)) return 'is not the name of a header';
  if (name.includes('*')) return 'is a pattern; each header is listed by its name';
  if (name.includes('_')) return 'contains an underscore, which CGI servers read as a dash';
  if (hop_by_hop.has(name)) return 'belongs to one connection';
  if (reserved.has(name) || reserved_families.test(name)) return 'is set by the gateway';
  return null;
}
