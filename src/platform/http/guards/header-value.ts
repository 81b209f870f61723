import type { FastifyReply } from 'fastify';

/** Headers that hold a URI reference: other characters are percent-encoded there, not dropped. */
const URI_HEADERS = new Set(['location', 'content-location']);

// oxlint-disable-next-line no-control-regex -- control characters are what is removed here
const CONTROLS = /[\u0000-\u001f\u007f]/g;

/**
 * Encodes every header of a response, so that no text in one can fail the response or start another header.
 * Runs once for each response, after the last handler and before the headers are written.
 */
export function encodeHeaders(reply: FastifyReply): void {
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    const encode = URI_HEADERS.has(name) ? encodeUri : encodeText;
    if (typeof value === 'string') {
      const encoded = encode(value);
      if (encoded !== value) reply.header(name, encoded);
    } else if (Array.isArray(value)) {
      const encoded = value.map(encode);
      if (encoded.every((each, index) => each === value[index])) continue;
      // Fastify appends further values of Set-Cookie, so the former ones are removed first.
      reply.removeHeader(name).header(name, encoded);
    }
  }
}

/**
 * Writes a URI reference in ASCII (RFC 3986 §2.1): percent-encodes what is not allowed in one, control characters included, and
 * keeps what is encoded already. Half of a surrogate pair becomes U+FFFD.
 */
export function encodeUri(text: string): string {
  return text
    .toWellFormed()
    .replace(/%(?![\dA-Fa-f]{2})/g, '%25')
    .replace(/[^\u0021-\u007e]|["<>\\^`{|}]/gu, encodeURIComponent);
}

/** Writes a text as a field value (RFC 9110 §5.5) in ASCII: other characters are percent-encoded, control characters removed. */
export function encodeText(text: string): string {
  return text
    .toWellFormed()
    .replace(CONTROLS, '')
    .replace(/[^\u0020-\u007e]/gu, encodeURIComponent);
}
