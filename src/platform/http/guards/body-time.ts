import type { IncomingMessage } from 'node:http';

/**
 * Ends a request whose body has not arrived in time: a caller who sends a byte a minute holds nothing for long.
 * Headers have a limit of Node's own.
 */
export function limitBodyTime(raw: IncomingMessage, body_ms_max: number): void {
  if (raw.headers['content-length'] === undefined && raw.headers['transfer-encoding'] === undefined) return;
  const timer = setTimeout(() => {
    if (!raw.complete) raw.destroy();
  }, body_ms_max);
  timer.unref();
  raw.once('close', () => clearTimeout(timer));
}
