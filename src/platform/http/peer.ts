import type { IncomingMessage } from 'node:http';
import proxyAddr from '@fastify/proxy-addr';

/** Network facts of a request; with a trusted proxy in front those of the caller behind it. */
export interface Peer {
  readonly ip: string;
  /** As sent, in any case; '' without a Host. */
  readonly host: string;
  readonly protocol: string;
}

export type FindPeer = (request: IncomingMessage) => Peer;

/** Makes the function that reads the peer of a request; `X-Forwarded-…` counts from `trusted_proxies` only. */
export function makeFindPeer(trusted_proxies: readonly string[]): FindPeer {
  if (trusted_proxies.length === 0) return readConnection;
  const isTrusted = proxyAddr.compile([...trusted_proxies]);
  return (request) => {
    const direct = readConnection(request);
    const addresses = proxyAddr.all(request, isTrusted);
    const ip = addresses.at(-1) ?? direct.ip;
    if (!isTrusted(direct.ip, 0)) return { ...direct, ip };
    return {
      ip,
      host: lastOf(request.headers['x-forwarded-host']) ?? direct.host,
      protocol: lastOf(request.headers['x-forwarded-proto']) ?? direct.protocol,
    };
  };
}

function readConnection({ socket, headers }: IncomingMessage): Peer {
  return {
    ip: socket.remoteAddress ?? '',
    host: headers.host ?? '',
    protocol: Reflect.get(socket, 'encrypted') === true ? 'https' : 'http',
  };
}

/** Returns the last value of a field that several proxies may have extended; undefined if it is missing or empty. */
function lastOf(field: string | string[] | undefined): string | undefined {
  if (field === undefined || field.length === 0) return undefined;
  const text = String(field);
  return text.slice(text.lastIndexOf(',') + 1).trim();
}
