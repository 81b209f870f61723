import { findOtherReadings, findRoutedPaths, findUncollapsedSegments } from './path-readings.ts';

/**
 * The target of a request, for the match with rules and for the forwarded request.
 *
 * The bytes of the path are forwarded unchanged. An application may read them differently than the gateway: therefore
 * every other reading is matched too, and the strictest decision counts (`rule.ts`).
 */
export interface RequestTarget {
  /** Unchanged bytes of the path; never empty. */
  readonly path: string;
  /** Unchanged query with its question mark; '' if there is none. */
  readonly search: string;
  /** Segments split at `/`, then decoded, without empty ones. Rules are matched with these first. */
  readonly segments: readonly string[];
  /** Segment lists that other servers may see in the same bytes. */
  readonly readings: readonly (readonly string[])[];
  /** Paths of servers that read a segment as a script or a session; each counts only if a rule matches it. */
  readonly routed: readonly (readonly string[])[];
  /** Segments including empty ones; null if the path has no empty segment. */
  readonly uncollapsed: readonly string[] | null;
}

/** Reason why a target cannot be matched with rules: a sentence for the client and the log. */
export type TargetRefusal = string;

const target_length_max = 8192;
const authority = /^https?:\/\/[^/?#]*/i;
// Characters of a path (RFC 3986 §3.3), and `|^"<>{}[]`, which browsers send unescaped.
const path_characters = /^[-A-Za-z0-9._~%!$&'()*+,;=:@/|^"<>{}[\]`]*$/;

/** Segments without escape, dot, separator or parameter, and none that is empty. */
const plain_path = /^(?:\/[-A-Za-z0-9_~]+)+\/?$/;
const none: readonly never[] = [];

/** Reads nearly every path: all servers see the same segments in it. */
function readPlainPath(path: string, search: string): RequestTarget {
  const segments = path.split('/').slice(1);
  if (segments.at(-1) === '') segments.pop();
  return { path, search, segments, readings: none, routed: none, uncollapsed: null };
}

/** Parses the target of a request line, or returns the reason of its refusal. Browsers send no refused target. */
export function parseRequestTarget(raw: string): RequestTarget | TargetRefusal {
  if (raw.length > target_length_max) return `The address is longer than ${target_length_max} characters.`;
  if (raw.includes('#')) return 'The address contains a fragment.';
  const local = raw.startsWith('/') ? raw : raw.replace(authority, '');
  const mark = local.indexOf('?');
  const raw_path = mark === -1 ? local : local.slice(0, mark);
  const search = mark === -1 ? '' : local.slice(mark);
  if ((raw_path !== '' && !raw_path.startsWith('/')) || (raw_path === '' && local === raw))
    return 'The address is neither a path nor an http address.';
  if (!path_characters.test(raw_path)) return 'The path contains a character that must be escaped.';
  if (!isPrintable(search)) return 'The query contains a control character.';
  if (plain_path.test(raw_path)) return readPlainPath(raw_path, search);

  const raw_segments = raw_path.split('/').filter((segment) => segment !== '');
  const segments: string[] = [];
  for (const segment of raw_segments) {
    const decoded = decode(segment);
    if (decoded === null) return 'The path contains an escape that is malformed or not UTF-8.';
    if (!isPrintable(decoded)) return 'The path contains a control character.';
    segments.push(decoded);
  }
  if (segments.some(hasDotSegment)) return 'The path contains a dot segment.';
  const path = raw_path === '' ? '/' : raw_path;
  const readings = findOtherReadings(path, segments);
  if (readings === null) return 'The path nests more escapes than can be read.';
  const routed = findRoutedPaths([segments, ...readings]);
  return { path, search, segments, readings, routed, uncollapsed: findUncollapsedSegments(path) };
}

function decode(segment: string): string | null {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}

/** True if a server that splits at decoded separators or removes `;parameters` reads the segment as `.` or `..`. */
function hasDotSegment(segment: string): boolean {
  if (!segment.includes('.')) return false;
  return segment.split(/[/\\]/).some((part) => /^\.{1,2}$/.test(part.split(';', 1)[0] ?? ''));
}

function isPrintable(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x20 || code === 0x7f) return false;
  }
  return true;
}
