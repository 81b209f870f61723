import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import { buildConnector } from 'undici';
import { codeOfError } from '#platform/http/replies/error-code';
import { publicConnector } from '#platform/security/public-address';

type Write = (chunk: unknown, encoding: BufferEncoding, done: (error?: Error | null) => void) => void;
type WriteMany = (chunks: unknown[], done: (error?: Error | null) => void) => void;

const keep_alive_probe_ms = 30_000;

/** Makes the connector of the upstream's pool. `timeout_ms` bounds DNS, TCP and TLS together. */
export function upstreamConnector(timeout_ms: number, private_addresses_allowed: boolean): buildConnector.connector {
  const connect = private_addresses_allowed ? buildConnector({ timeout: timeout_ms }) : publicConnector(timeout_ms);
  return (options, callback) => {
    connect(options, (...outcome) => {
      const [, socket] = outcome;
      if (socket) {
        socket.setKeepAlive(true, keep_alive_probe_ms);
        readOnAfterReset(socket);
        acceptContinue(socket);
      }
      callback(...outcome);
    });
  };
}

/**
 * Keeps a socket readable after a write fails with EPIPE or ECONNRESET. The read side reports the end.
 *
 * Why: an upstream that refuses an upload (413) responds and resets the connection while the body is being sent. Node
 * destroys a socket whose write fails, so that the response that already arrived would be lost.
 */
function readOnAfterReset(socket: Socket): void {
  const ignoreReset = (callback: (error?: Error | null) => void) => (error?: Error | null) =>
    callback(['EPIPE', 'ECONNRESET'].includes(codeOfError(error)) ? null : error);
  // Every net.Socket has both methods; @types/node declares them for subclasses only.
  const write: Write = socket._write.bind(socket);
  const writeMany = socket._writev?.bind(socket) as WriteMany | undefined;
  socket._write = (chunk: unknown, encoding: BufferEncoding, callback) => write(chunk, encoding, ignoreReset(callback));
  if (writeMany) socket._writev = (chunks, callback) => writeMany(chunks, ignoreReset(callback));
}

interface ResponseParser {
  onHeadersComplete(status: number, upgrade: number, keep_alive: number): number;
}

const { kParser } = createRequire(import.meta.url)('undici/lib/core/symbols.js') as { kParser: symbol };
const continue_status = 100;
const early_hints_status = 103;

/**
 * Skips `100 Continue` like every other interim response. undici destroys the connection at a 100 that it did not ask
 * for; RFC 9110, section 15.2, requires a client to read and ignore it.
 *
 * The parser, which is assigned after the connection is made, reads a 100 as a 103. Neither has content.
 */
function acceptContinue(socket: Socket): void {
  Object.defineProperty(socket, kParser, {
    configurable: true,
    get: () => undefined,
    set(parser: ResponseParser) {
      const onHeadersComplete = parser.onHeadersComplete.bind(parser);
      parser.onHeadersComplete = (status, upgrade, keep_alive) =>
        onHeadersComplete(status === continue_status ? early_hints_status : status, upgrade, keep_alive);
      Object.defineProperty(socket, kParser, { configurable: true, writable: true, value: parser });
    },
  });
}
