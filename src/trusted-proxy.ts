import { isIP } from 'node:net';

/** Ranges that are named instead of written, as the HTTP server understands them; none is wider than a private network. */
const named = new Set(['loopback', 'linklocal', 'uniquelocal']);

export interface ProxyNetwork {
  family: 4 | 6;
  /** Leading bits that an address must share. */
  prefix: number;
}

/** `::ffff:0:0/96`, as URLs write it (RFC 4291 §2.5.5.2). */
const MAPPED = /^\[::ffff:/;
const MAPPED_BITS = 96;

/** Parses one entry of TRUSTED_PROXIES; null when it is neither an address, a CIDR range nor a named range. */
export function networkOfProxy(text: string): ProxyNetwork | null {
  if (named.has(text)) return { family: 4, prefix: 8 };
  const [address = '', bits, rest] = text.split('/');
  const family = isIP(address);
  if ((family !== 4 && family !== 6) || rest !== undefined) return null;
  const bits_max = family === 4 ? 32 : 128;
  if (bits === undefined) return { family, prefix: bits_max };
  const prefix = /^[0-9]{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
  if (!(prefix <= bits_max)) return null;
  // IPv4 addresses in the notation of IPv6: the server compares them as IPv4.
  const is_mapped = family === 6 && prefix >= MAPPED_BITS && MAPPED.test(new URL(`http://[${address}]`).hostname);
  return is_mapped ? { family: 4, prefix: prefix - MAPPED_BITS } : { family, prefix };
}

/** Shortest prefixes that one organization is assigned: RFC 1918 has a /8, providers of IPv6 have a /16 at most. */
const PREFIX_MIN = { 4: 8, 6: 16 } as const;

/** True if the range holds addresses of the whole Internet, so that any caller is a trusted proxy. */
export function isAnyProxy(text: string): boolean {
  const network = networkOfProxy(text);
  return network !== null && network.prefix < PREFIX_MIN[network.family];
}
