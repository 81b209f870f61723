import { lookup as resolve } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';

/** Networks outside the public Internet (IANA special-purpose registries), as v4 and v6 prefixes. */
const special_v4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
// ::/96 and the last four contain a v4 address: compatible form, translated form, NAT64, 6to4, Teredo.
const special_v6 = [
  '::/96',
  '100::/64',
  '2001:db8::/32',
  '3fff::/20',
  '5f00::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
  '::ffff:0:0:0/96',
  '64:ff9b::/32',
  '2002::/16',
  '2001::/32',
];

const special = new BlockList();
for (const [family, networks] of [
  ['ipv4', special_v4],
  ['ipv6', special_v6],
] as const) {
  for (const network of networks) {
    const [address = '', prefix = ''] = network.split('/');
    special.addSubnet(address, Number(prefix), family);
  }
}

/** True if an IP address is reachable on the public Internet; false for text that is not an IP address. */
export function isPublicAddress(address: string): boolean {
  const unscoped = address.split('%', 1)[0] ?? '';
  const family = isIP(unscoped);
  if (family === 0) return false;
  // BlockList checks ::ffff:a.b.c.d as a.b.c.d.
  return !special.check(unscoped, family === 4 ? 'ipv4' : 'ipv6');
}

/** A connection that was refused before it was opened, because its address is not public. */
export class PrivateAddressError extends Error {
  readonly code = 'ERR_PRIVATE_ADDRESS';
  constructor(host: string) {
    super(`${host} is, or resolves to, an address that is not public`);
    this.name = 'PrivateAddressError';
  }
}

/**
 * Resolves a host and refuses it when any of its addresses is not public.
 *
 * Why at connect time: a name that was public when it was saved may resolve to another address later (DNS rebinding).
 */
export const lookupPublic: LookupFunction = (hostname, options, callback) => {
  resolve(hostname, { ...options, all: true }, (error, addresses) => {
    const [first] = addresses ?? [];
    if (error || !first) {
      callback(error ?? new Error(`no address for ${hostname}`), '', 0);
    } else if (addresses.some(({ address }) => !isPublicAddress(address))) {
      callback(new PrivateAddressError(hostname), '', 0);
    } else if (options.all === true) {
      callback(null, addresses);
    } else {
      callback(null, first.address, first.family);
    }
  });
};

/** Returns the refusal of a host that is a literal address and not public, or null. Names are checked when resolved. */
export function refusePrivateLiteral(hostname: string): PrivateAddressError | null {
  const literal = hostname.replace(/^\[|\]$/g, '');
  return isIP(literal) !== 0 && !isPublicAddress(literal) ? new PrivateAddressError(hostname) : null;
}

/** Makes an undici connector for public addresses only. Units: `timeout_ms` bounds DNS, TCP and TLS together. */
export function publicConnector(timeout_ms: number): buildConnector.connector {
  const connect = buildConnector({ timeout: timeout_ms, lookup: lookupPublic });
  return (options, callback) => {
    const refusal = refusePrivateLiteral(options.hostname);
    if (refusal) callback(refusal, null);
    else connect(options, callback);
  };
}
