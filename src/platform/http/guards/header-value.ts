import type { FastifyReply } from 'fastify';

/** Headers that hold a URI reference: other characters are percent-encoded there, not dropped. */
const URI_HEADERS = new Set(['location', 'content-location']);

/** A field value that `encodeText` does not change. */
const plain_text = /^[\u0020-\u007e]*$/;

// oxlint-disable-next-line no-control-regex -- this pattern removes control characters
const CONTROLS = /[\u0000-\u001f\u007f]/g;

/**
 * Encodes every header of a response, so that no text can fail the response or start another header.
 * Runs once per response, before the headers are written.
 */
export function encodeHeaders(reply: FastifyReply): void {
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    const encode = URI_HEADERS.has(name) ? encodeUri : encodeText;
    if (typeof value === 'string') {
      if (encode === encodeText && plain_text.test(value)) continue;
      const encoded = encode(value);
      if (encoded !== value) reply.header(name, encoded);
    } else if (Array.isArray(value)) {
      const encoded = value.map(encode);
      if (encoded.every((each, index) => each === value[index])) continue;
      // Fastify appends values of Set-Cookie, so the former ones are removed first.
      reply.removeHeader(name).header(name, encoded);
    }
  }
}

/**
 * Encodes a URI reference in ASCII (RFC 3986 §2.1): percent-encodes characters that are not allowed, control characters
 * included, and preserves percent-encodings. Half of a surrogate pair becomes U+FFFD.
 */
export function encodeUri(text: string): string {
  return text
    .toWellFormed()
    .replace(/%(?![\dA-Fa-f]{2})/g, '%25')
    .replace(/[^\u0021-\u007e]|["<>\\^`{|}]/gu, encodeURIComponent);
}

/**
 * Encodes a text as a field value (RFC 9110 §5.5) in ASCII: other characters are percent-encoded, control characters
 * removed.
 */
export function encodeText(text: string): string {
  return text
    .toWellFormed()
    .replace(CONTROLS, '')
    .replace(/[^\u0020-\u007e]/gu, encodeURIComponent);
}
