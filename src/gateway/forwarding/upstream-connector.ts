import type { Socket } from 'node:net';
import { buildConnector } from 'undici';
import { codeOfError } from '#platform/http/replies/error-code';
import { publicConnector } from '#platform/security/public-address';

type Write = (chunk: unknown, encoding: BufferEncoding, done: (error?: Error | null) => void) => void;
type WriteMany = (chunks: unknown[], done: (error?: Error | null) => void) => void;

const keep_alive_probe_ms = 30_000;

/** Makes the connector of the upstream's pool. Units: `timeout_ms` bounds DNS, TCP and TLS together. */
export function upstreamConnector(timeout_ms: number, private_addresses_allowed: boolean): buildConnector.connector {
  const connect = private_addresses_allowed ? buildConnector({ timeout: timeout_ms }) : publicConnector(timeout_ms);
  return (options, callback) => {
    connect(options, (...outcome) => {
      const [, socket] = outcome;
      if (socket) {
        socket.setKeepAlive(true, keep_alive_probe_ms);
        readOnAfterReset(socket);
      }
      callback(...outcome);
    });
  };
}

/**
 * Keeps a socket readable when the peer no longer accepts what is written.
 *
 * An upstream that refuses an upload (413) responds and resets the connection while the body is still being sent. Node
 * destroys a socket whose write fails, and the response that already arrived is lost. The read side reports the end.
 */
function readOnAfterReset(socket: Socket): void {
  const done = (callback: (error?: Error | null) => void) => (error?: Error | null) =>
    callback(['EPIPE', 'ECONNRESET'].includes(codeOfError(error)) ? null : error);
  // Both are methods of every net.Socket; @types/node declares them for subclasses only.
  const write: Write = socket._write.bind(socket);
  const writeMany = socket._writev?.bind(socket) as WriteMany | undefined;
  socket._write = (chunk: unknown, encoding: BufferEncoding, callback) => write(chunk, encoding, done(callback));
  if (writeMany) socket._writev = (chunks, callback) => writeMany(chunks, done(callback));
}
