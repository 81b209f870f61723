import { isIP } from 'node:net';

/** Names of address ranges that the HTTP server accepts; none is wider than a private network. */
const named = new Set(['loopback', 'linklocal', 'uniquelocal']);

export interface ProxyNetwork {
  family: 4 | 6;
  /** Leading bits that an address must share. */
  prefix: number;
}

/** `::ffff:0:0/96`, in the notation of URLs (RFC 4291 §2.5.5.2). */
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
  // The server compares IPv4-mapped IPv6 addresses as IPv4.
  const is_mapped = family === 6 && prefix >= MAPPED_BITS && MAPPED.test(new URL(`http://[${address}]`).hostname);
  return is_mapped ? { family: 4, prefix: prefix - MAPPED_BITS } : { family, prefix };
}

/** Shortest prefixes of one organization: a /8 of IPv4 (RFC 1918), a /16 of IPv6. */
const PREFIX_MIN = { 4: 8, 6: 16 } as const;

/** True if the range is wider than one organization, so that any caller could be a trusted proxy. */
export function isAnyProxy(text: string): boolean {
  const network = networkOfProxy(text);
  return network !== null && network.prefix < PREFIX_MIN[network.family];
}
