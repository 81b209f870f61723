import { ServerResponse, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { App } from '#platform/http/app';
import type { RefusedUpgrade, UpgradedConnection } from './request-upgrade.ts';

/** The connection of a request for an upgrade, before the switch. */
export interface PendingUpgrade {
  readonly protocol: string;
  readonly socket: Duplex;
  /** Aborted when the caller closes the connection before the switch. */
  readonly gone: AbortSignal;
  /** Stops collecting and returns the bytes that the caller sent after the request. */
  takeEarlyData(): Buffer;
}

const pending = new WeakMap<IncomingMessage, PendingUpgrade>();

/** Maximum bytes that a client may send before the switch; with more the connection is closed. */
const early_bytes_max = 65_536;
/** Time in which the second side of a tunnel may finish after the first side has ended. */
const half_closed_ms = 1000;
/** Time in which a client may respond to a close frame. */
const closing_ms = 500;
/** Close status for a caller that lost access (RFC 6455 §7.4.1). */
export const policy_violation = 1008;

/** The connections of the caller and of the upstream, joined. */
export interface Tunnel {
  /** Sends the client a close frame with this status, then ends both connections. */
  close(status: number): void;
}

/** Returns the pending upgrade of a request, or null. */
export function findPendingUpgrade(request: IncomingMessage): PendingUpgrade | null {
  return pending.get(request) ?? null;
}

/**
 * Routes requests for an upgrade like all other requests: with the same authentication and the same rules.
 * A response without a switch closes the connection.
 */
export function routeUpgrades(app: App): void {
  app.server.on('upgrade', (request, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    // The server always passes a net.Socket; @types/node declares its common type with TLS.
    response.assignSocket(socket as Parameters<ServerResponse['assignSocket']>[0]);
    response.on('finish', () => socket.end());
    pending.set(request, watchPending(socket, head));
    app.routing(request, response);
  });
}

/** Reads from the caller until the upstream responds: a connection that is not read does not report its end. */
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

/**
 * Joins the connections of the caller and of the upstream in both directions until either ends.
 * Returns null if the caller has closed its connection.
 */
export function joinConnections(
  response: ServerResponse,
  upgrade: PendingUpgrade,
  upstream: UpgradedConnection,
): Tunnel | null {
  const { protocol, socket, gone } = upgrade;
  const other = upstream.socket;
  if (gone.aborted || socket.destroyed) {
    other.destroy();
    return null;
  }
  response.detachSocket(socket as Parameters<ServerResponse['detachSocket']>[0]); // see `routeUpgrades`
  const head = upgrade.takeEarlyData();
  socket.write(
    formatHead('101 Switching Protocols', ['Connection', 'Upgrade', 'Upgrade', protocol, ...upstream.headers]),
    'latin1', // the encoding in which the upstream's fields were read
  );
  if (head.length > 0) other.write(head);
  const destroy = () => {
    socket.destroy();
    other.destroy();
  };
  // The end of one side ends the tunnel: a half-open side would keep its socket without a timeout.
  const finish = () => setTimeout(destroy, half_closed_ms).unref();
  socket.on('error', destroy).on('close', destroy).on('end', finish);
  other.on('error', destroy).on('close', destroy).on('end', finish);
  other.pipe(socket);
  socket.pipe(other);
  return {
    close(status) {
      if (!socket.writable) return;
      // Bytes of the upstream must not follow the close frame. Bytes of the client still reach the upstream.
      other.unpipe(socket).resume();
      socket.end(makeCloseFrame(status));
      setTimeout(destroy, closing_ms).unref();
    },
  };
}

/** Returns a close frame without reason, unmasked as from a server (RFC 6455 §5.5.1). */
function makeCloseFrame(status: number): Buffer {
  return Buffer.from([0x88, 0x02, status >> 8, status & 0xff]);
}

/** Sends the status and the fields of an upstream that did not switch, without its body. */
export function sendRefusedUpgrade(response: ServerResponse, { status, headers }: RefusedUpgrade): void {
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

function formatHead(status: string, headers: readonly string[]): string {
  let text = `HTTP/1.1 ${status}\r\n`;
  for (let index = 0; index + 1 < headers.length; index += 2) text += `${headers[index]}: ${headers[index + 1]}\r\n`;
  return `${text}\r\n`;
}
