import type { IncomingMessage } from 'node:http';
import accepts from 'accepts';

/** True if the request prefers HTML to JSON by its media ranges (RFC 9110 §12.5.1), as browsers do. */
export function prefersHtml(request: IncomingMessage): boolean {
  if (request.headers.accept === undefined) return false;
  return accepts(request).type(['application/json', 'text/html']) === 'text/html';
}
