import type { Server, ServerResponse } from 'node:http';
import { Server as TcpServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const CHECK_MS = 25;
/**
 * Idle time after which a kept-alive connection is closed; a request that was already sent still arrives. Units: ms.
 */
const QUIET_MS = 500;
/** Maximum wait for the headers of a request. Units: ms. */
const HEADERS_MS_MAX = 5_000;

export interface Connections {
  /**
   * Stops listening, ends each connection after its next response, and resolves when no connection is left. Returns the
   * number of connections that were closed at the limit.
   */
  drain(drain_ms_max: number): Promise<number>;
}

interface Usage {
  /** Responses in progress; several when the client pipelines. */
  readonly responses: ServerResponse[];
  bytes_read: number;
  quiet_since_ms: number;
}

/**
 * Tracks the connections of a server, so that it stops without dropping a request.
 *
 * Why not `server.close()`: it closes kept-alive connections while their next request may be in transit, and the caller
 * gets ECONNRESET.
 */
export function followConnections(server: Server): Connections {
  // One array per connection, not a set of all responses: the table of a set that grows keeps its former entries alive.
  const sockets = new Map<Socket, Usage>();
  let is_draining = false;

  server.on('connection', (socket) => {
    sockets.set(socket, { responses: [], bytes_read: 0, quiet_since_ms: performance.now() });
    socket.once('close', () => sockets.delete(socket));
  });
  // Before the router: the header of the response depends on it.
  server.prependListener('request', ({ socket }, response) => {
    if (is_draining) response.shouldKeepAlive = false;
    sockets.get(socket)?.responses.push(response);
    response.on('close', leave);
  });

  function leave(this: ServerResponse): void {
    const usage = sockets.get(this.req.socket);
    if (!usage) return;
    const index = usage.responses.indexOf(this);
    if (index !== -1) usage.responses.splice(index, 1);
    usage.quiet_since_ms = performance.now();
  }

  function closeQuiet(started_ms: number): void {
    const now_ms = performance.now();
    for (const [socket, usage] of sockets) {
      if (usage.responses.length > 0) continue;
      if (socket.bytesRead !== usage.bytes_read && now_ms - started_ms < HEADERS_MS_MAX) {
        usage.bytes_read = socket.bytesRead;
        usage.quiet_since_ms = now_ms;
      }
      if (now_ms - Math.max(usage.quiet_since_ms, started_ms) >= QUIET_MS) socket.destroySoon();
    }
  }

  return {
    async drain(drain_ms_max) {
      is_draining = true;
      for (const [socket, usage] of sockets) {
        usage.bytes_read = socket.bytesRead;
        for (const response of usage.responses) if (!response.headersSent) response.shouldKeepAlive = false;
      }
      // Closes the TCP server only: the method of the HTTP server also closes kept-alive connections.
      TcpServer.prototype.close.call(server);
      const started_ms = performance.now();
      while (sockets.size > 0 && performance.now() - started_ms < drain_ms_max) {
        closeQuiet(started_ms);
        await sleep(CHECK_MS);
      }
      const cut_count = sockets.size;
      for (const socket of sockets.keys()) socket.destroy();
      return cut_count;
    },
  };
}
