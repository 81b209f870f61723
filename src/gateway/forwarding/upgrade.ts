import { ServerResponse, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { App } from '#platform/http/app';
import type { Refused, Upgraded } from './forward.ts';

/** The connection of a request that wants to switch protocols, until it does. */
export interface PendingUpgrade {
  readonly protocol: string;
  readonly socket: Duplex;
  /** Aborted when the caller closes the connection before the switch. */
  readonly gone: AbortSignal;
  /** Stops collecting and returns what the caller sent after the request. */
  takeEarlyData(): Buffer;
}

const pending = new WeakMap<IncomingMessage, PendingUpgrade>();

/** No client sends this much before it knows that the protocol is switched. */
const early_bytes_max = 65_536;
/** Time in which the other side of a tunnel may finish after one side has ended. */
const half_closed_ms = 1000;
/** Time that a client has to respond to a close frame. */
const closing_ms = 500;
/** Status of a WebSocket whose caller has lost access (RFC 6455 §7.4.1). */
export const policy_violation = 1008;

/** Two connections that are joined. */
export interface Tunnel {
  /** Sends the client a close frame with this status, then ends both connections. */
  close(status: number): void;
}

/** The upgrade that a request asks for, or null. */
export function pendingUpgrade(request: IncomingMessage): PendingUpgrade | null {
  return pending.get(request) ?? null;
}

/**
 * Routes requests that want to switch protocols like all others: the same caller, the same rules.
 * A response that is not a switch ends the connection.
 */
export function routeUpgrades(app: App): void {
  app.server.on('upgrade', (request, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    // @types/node asks for a net.Socket; the server hands out nothing else, but types it as what TLS shares with it.
    response.assignSocket(socket as Parameters<ServerResponse['assignSocket']>[0]);
    response.on('finish', () => socket.end());
    pending.set(request, watchPending(socket, head));
    app.routing(request, response);
  });
}

/** Reads on while the upstream decides: a connection that is not read does not show that the caller has left. */
function watchPending(socket: Duplex, head: Buffer): PendingUpgrade {
  const early = [head];
  let bytes = head.length;
  const gone = new AbortController();
  const collect = (chunk: Buffer) => {
    early.push(chunk);
    bytes += chunk.length;
    if (bytes > early_bytes_max) socket.destroy();
  };
  const leave = () => {
    gone.abort();
    socket.destroy();
  };
  socket.on('data', collect).on('end', leave).on('close', leave);
  return {
    protocol: 'websocket',
    socket,
    gone: gone.signal,
    takeEarlyData() {
      socket.pause();
      socket.off('data', collect).off('end', leave).off('close', leave);
      return Buffer.concat(early);
    },
  };
}

/** Joins the caller's connection and the upstream's, in both directions, until either ends. Null when the caller has left. */
export function join(response: ServerResponse, upgrade: PendingUpgrade, upstream: Upgraded): Tunnel | null {
  const { protocol, socket, gone } = upgrade;
  const other = upstream.socket;
  if (gone.aborted || socket.destroyed) {
    other.destroy();
    return null;
  }
  response.detachSocket(socket as Parameters<ServerResponse['detachSocket']>[0]); // as above
  const head = upgrade.takeEarlyData();
  socket.write(
    headText('101 Switching Protocols', ['Connection', 'Upgrade', 'Upgrade', protocol, ...upstream.headers]),
    'latin1', // as the upstream's bytes were read
  );
  if (head.length > 0) other.write(head);
  const destroy = () => {
    socket.destroy();
    other.destroy();
  };
  // The end of one side is the end of the tunnel: a side that stays half open would keep its socket for ever.
  const finish = () => setTimeout(destroy, half_closed_ms).unref();
  socket.on('error', destroy).on('close', destroy).on('end', finish);
  other.on('error', destroy).on('close', destroy).on('end', finish);
  other.pipe(socket);
  socket.pipe(other);
  return {
    close(status) {
      if (!socket.writable) return;
      // What the upstream sends from now on would follow the close frame. What the client sends still reaches the upstream.
      other.unpipe(socket).resume();
      socket.end(closeFrame(status));
      setTimeout(destroy, closing_ms).unref();
    },
  };
}

/** Without a reason and, from a server, without a mask (RFC 6455 §5.5.1). */
function closeFrame(status: number): Buffer {
  return Buffer.from([0x88, 0x02, status >> 8, status & 0xff]);
}

/** Sends what the upstream responded instead of switching; its body has no use for a program that opens sockets. */
export function answerRefusal(response: ServerResponse, { status, headers }: Refused): void {
  response.writeHead(status, withoutContent(headers));
  response.end();
}

function withoutContent(headers: readonly string[]): string[] {
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
