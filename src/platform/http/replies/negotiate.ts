import type { IncomingMessage } from 'node:http';
import accepts from 'accepts';

/** True when the caller would rather read a page than JSON: a browser, by its media ranges (RFC 9110 §12.5.1), not by its name. */
export function prefersHtml(request: IncomingMessage): boolean {
  if (request.headers.accept === undefined) return false;
  return accepts(request).type(['application/json', 'text/html']) === 'text/html';
}
