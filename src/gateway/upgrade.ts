import { ServerResponse, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { App } from '#platform/http/app';
import type { Refused, Upgraded } from './forward.ts';

/** The connection of a request that wants to switch protocols, until it does. */
export interface PendingUpgrade {
  readonly protocol: string;
  readonly socket: Duplex;
  /** What the caller sent after the request. */
  readonly head: Buffer;
}

const pending = new WeakMap<IncomingMessage, PendingUpgrade>();

/** The upgrade that a request asks for, or null. */
export function pendingUpgrade(request: IncomingMessage): PendingUpgrade | null {
  return pending.get(request) ?? null;
}

/**
 * Leads requests that want to switch protocols through the same routes as all others: the same caller, the same rules.
 * An answer that is not a switch is written like any other and ends the connection.
 */
export function routeUpgrades(app: App): void {
  app.server.on('upgrade', (request, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    // @types/node asks for a net.Socket; the server hands out nothing else, but types it as what TLS shares with it.
    response.assignSocket(socket as Parameters<ServerResponse['assignSocket']>[0]);
    response.on('finish', () => socket.end());
    if (request.headers.upgrade?.toLowerCase() === 'websocket' && request.method === 'GET') {
      pending.set(request, { protocol: 'websocket', socket, head });
    }
    app.routing(request, response);
  });
}

/** Joins the caller's connection to the upstream's, in both directions, until either ends. */
export function join(response: ServerResponse, upgrade: PendingUpgrade, upstream: Upgraded): void {
  const { protocol, socket, head } = upgrade;
  response.detachSocket(socket as Parameters<ServerResponse['detachSocket']>[0]); // as above
  socket.write(
    headText('101 Switching Protocols', ['Connection', 'Upgrade', 'Upgrade', protocol, ...upstream.headers]),
  );
  const other = upstream.socket;
  if (head.length > 0) other.write(head);
  const end = () => {
    socket.destroy();
    other.destroy();
  };
  socket.on('error', end).on('close', end);
  other.on('error', end).on('close', end);
  other.pipe(socket);
  socket.pipe(other);
}

/** Answers what the upstream answered instead of switching; its body is of no use to a program that opens sockets. */
export function answerRefusal(response: ServerResponse, { status, headers }: Refused): void {
  response.writeHead(status, withoutLength(headers));
  response.end();
}

function withoutLength(headers: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const [name = '', value = ''] = headers.slice(index, index + 2);
    if (!/^content-(?:length|encoding|type)$/i.test(name)) kept.push(name, value);
  }
  return kept;
}

function headText(status: string, headers: readonly string[]): string {
  let text = `HTTP/1.1 ${status}\r\n`;
  for (let index = 0; index + 1 < headers.length; index += 2) text += `${headers[index]}: ${headers[index + 1]}\r\n`;
  return `${text}\r\n`;
}
