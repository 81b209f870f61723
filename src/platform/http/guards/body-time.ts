import type { IncomingMessage } from 'node:http';

/**
 * Ends a request whose body does not arrive within the limit, so that a slow caller does not occupy a connection.
 * Node.js limits the time of headers.
 */
export function limitBodyTime(raw: IncomingMessage, body_ms_max: number): void {
  if (raw.headers['content-length'] === undefined && raw.headers['transfer-encoding'] === undefined) return;
  const timer = setTimeout(() => {
    if (!raw.complete) raw.destroy();
  }, body_ms_max);
  timer.unref();
  raw.once('close', () => clearTimeout(timer));
}
