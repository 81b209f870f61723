/**
 * What of a request target decides about access, and what is sent on.
 *
 * The two must agree: whoever makes the upstream see another path than the rules saw has bypassed them. So the path is
 * made canonical once, and the canonical text is what travels.
 */
export interface RequestTarget {
  /** Canonical path as sent upstream: no empty segment, unreserved characters decoded (RFC 3986 §6.2.2), final slash kept. */
  readonly path: string;
  /** With its question mark, untouched; '' when there is none. */
  readonly search: string;
  /** Decoded segments, as a server sees them that splits first and decodes then. */
  readonly segments: readonly string[];
  /**
   * Decoded segments, as a server sees them that decodes first (WSGI, CGI), takes `\` for `/`, or cuts `;parameters`.
   * The same array as `segments` for nearly every request.
   */
  readonly segments_loose: readonly string[];
}

const target_length_max = 8192;
const authority = /^https?:\/\/[^/?#]*/i;
// What may stand in a path (RFC 3986 §3.3), and `|^"<>{}[]` that browsers send as they are.
const path_characters = /^[-A-Za-z0-9._~%!$&'()*+,;=:@/|^"<>{}[\]`]*$/;
const escapes = /%([0-9a-f]{2})/gi;

/**
 * Reads the target of a request line; null when servers could disagree about what it means:
 * a fragment, a raw back-slash or control character, a malformed or non-UTF-8 escape, a dot segment however it is disguised.
 * No browser sends any of these.
 */
export function parseRequestTarget(raw: string): RequestTarget | null {
  if (raw.length > target_length_max || raw.includes('#')) return null;
  const local = raw.startsWith('/') ? raw : raw.replace(authority, '');
  const mark = local.indexOf('?');
  const raw_path = mark === -1 ? local : local.slice(0, mark);
  const search = mark === -1 ? '' : local.slice(mark);
  if ((raw_path !== '' && !raw_path.startsWith('/')) || (raw_path === '' && local === raw)) return null;
  if (!path_characters.test(raw_path) || !isPrintable(search)) return null;

  const raw_segments = raw_path.split('/').filter((segment) => segment !== '');
  const segments: string[] = [];
  for (const segment of raw_segments) {
    const decoded = decode(segment);
    if (decoded === null || !isPrintable(decoded)) return null;
    segments.push(decoded);
  }
  const segments_loose =
    raw_path.includes(';') || segments.some((segment) => /[/\\]/.test(segment)) ? loosen(raw_segments) : segments;
  if (segments.some(isDotSegment) || segments_loose.some(isDotSegment)) return null;

  const final = raw_path.length > 1 && raw_path.endsWith('/') && raw_segments.length > 0 ? '/' : '';
  return { path: `/${raw_segments.map(canonical).join('/')}${final}`, search, segments, segments_loose };
}

/** Cuts `;parameters` before decoding, as servlet containers do, then splits at what the escapes hid. */
function loosen(raw_segments: readonly string[]): string[] {
  return raw_segments
    .flatMap((segment) => (decode(segment.split(';', 1)[0] ?? '') ?? '').split(/[/\\]/))
    .filter((segment) => segment !== '');
}

function decode(segment: string): string | null {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}

/** Decodes the escapes of unreserved characters and writes the others in upper case: equal for every server. */
function canonical(segment: string): string {
  if (!segment.includes('%')) return segment;
  return segment.replace(escapes, (escape, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    return /[-A-Za-z0-9._~]/.test(character) ? character : escape.toUpperCase();
  });
}

function isDotSegment(segment: string): boolean {
  return segment === '.' || segment === '..';
}

function isPrintable(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x20 || code === 0x7f) return false;
  }
  return true;
}
