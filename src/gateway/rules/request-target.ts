import { otherReadings, routedPaths, uncollapsedSegments } from './path-readings.ts';

/**
 * The target of a request as rules are matched against it, and as it is sent on.
 *
 * The bytes of the path are forwarded unchanged. Since an application may read them differently than the gateway,
 * every other reading is matched as well and the strictest decision counts (`rule.ts`).
 */
export interface RequestTarget {
  /** Path byte for byte as it arrived; never empty. */
  readonly path: string;
  /** With its question mark, unchanged; '' when there is none. */
  readonly search: string;
  /** Segments split at `/`, then decoded; empty ones dropped. Rules are matched against these first. */
  readonly segments: readonly string[];
  /** Segment lists that other servers may see in the same bytes. */
  readonly readings: readonly (readonly string[])[];
  /** What servers route that take a segment for a script or a session; counts only where a rule matches it. */
  readonly routed: readonly (readonly string[])[];
  /** Segments with empty ones kept; null when the path has none. */
  readonly uncollapsed: readonly string[] | null;
}

/** Reason why no rule can be matched against a target; a sentence for the client and the log. */
export type TargetRefusal = string;

const target_length_max = 8192;
const authority = /^https?:\/\/[^/?#]*/i;
// What may stand in a path (RFC 3986 §3.3), and `|^"<>{}[]` that browsers send as they are.
const path_characters = /^[-A-Za-z0-9._~%!$&'()*+,;=:@/|^"<>{}[\]`]*$/;

/** Reads the target of a request line, or returns why it is refused. No browser sends a target that is refused. */
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
  const readings = otherReadings(path, segments);
  if (readings === null) return 'The path nests more escapes than can be read.';
  const routed = routedPaths([segments, ...readings]);
  return { path, search, segments, readings, routed, uncollapsed: uncollapsedSegments(path) };
}

function decode(segment: string): string | null {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}

/** True if the segment is `.` or `..` to a server that splits it at hidden separators or cuts `;parameters`. */
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
