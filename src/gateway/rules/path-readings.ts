/**
 * How else a server may read the bytes of a path: routers differ in how often they decode, whether `\` and `;` separate,
 * whether empty and dot segments count, and whether case, extensions and trailing dots matter.
 *
 * Structure (which segments there are) is read here into lists of segments; spelling (which literal a segment equals) is
 * compared by `spellings` and `plainSpelling`. Both are pure.
 */

/** Deeper nesting of escapes than any application produces. */
const decode_depth_max = 4;
const forms_max = 24;
const simple_path = /^(?:\/[^/%;\\]+)*\/?$/;
const escape_run = /(?:%[0-9a-f]{2})+/gi;
const ascii_escape = /%([0-7][0-9a-f])/gi;

/**
 * Returns the segment lists that servers may see in `path`, without the list `segments` that the gateway matches first.
 * Empty for nearly every request. Null when there are more than a request of a real client has.
 */
export function otherReadings(path: string, segments: readonly string[]): (readonly string[])[] | null {
  if (simple_path.test(path) && !path.includes('//')) return [];
  const forms = formsOf(path);
  if (forms === null) return null;
  const lists = [...forms].map((form) => resolveDots(form.split(/[/\\]/).filter((segment) => segment !== '')));
  const seen = new Set([segments.join('/')]);
  return lists.filter((list) => {
    // No segment of a list contains a slash, except those of the primary reading.
    const key = list.join('/');
    if (seen.has(key) && !segments.some((segment) => segment.includes('/'))) return false;
    seen.add(key);
    return true;
  });
}

/** A script that takes what follows it for the path to route: `/index.php/admin`. */
const script = /\.(?:php\d?|phtml|f?cgi|pl|py|aspx?|cfm|jsp)$/i;
/** A session that ASP.NET writes into the path: `/(S(x1y2))/admin`. */
const path_session = /^\((?:[a-z]\([^()]*\))+\)$/i;

/** The paths that a server routes when a segment is a script or a session: without it, and for a script what follows alone. */
export function routedPaths(lists: readonly (readonly string[])[]): (readonly string[])[] {
  return lists.flatMap((list) =>
    list.flatMap((segment, index) => {
      const rest = list.slice(index + 1);
      if (rest.length > 0 && script.test(segment)) return [rest, [...list.slice(0, index), ...rest]];
      return path_session.test(segment) ? [[...list.slice(0, index), ...rest]] : [];
    }),
  );
}

/** The segments of a path with empty ones kept, for servers that do not collapse `//`; null when there are none. */
export function uncollapsedSegments(path: string): readonly string[] | null {
  return path.includes('//') ? path.slice(1).split('/').map(decodeOnce) : null;
}

/** The path after each number of decodings, with and without `;parameters`, in compatibility form (NFKC). */
function formsOf(path: string): Set<string> | null {
  // `//host/x` is an address without its scheme: URL parsers take the first segment for the host.
  let level = new Set(path.startsWith('//') ? [path, path.replace(/^\/+[^/]*/, '')] : [path]);
  const all = new Set<string>();
  for (let depth = 0; level.size > 0; depth++) {
    if (depth > decode_depth_max) return null;
    for (const form of level) {
      for (const variant of [form, form.normalize('NFKC')]) {
        all.add(variant);
        all.add(variant.replace(/;[^/\\]*/g, ''));
      }
    }
    if (all.size > forms_max) return null;
    level = new Set([...all].map(decodeOnce).filter((form) => !all.has(form)));
  }
  return all;
}

/** Decodes the escapes that stand for text and leaves the others: text that was decoded before may hold a bare `%`. */
function decodeOnce(text: string): string {
  if (!text.includes('%')) return text;
  return text.replace(escape_run, (run) => {
    try {
      return decodeURIComponent(run);
    } catch {
      return run.replace(ascii_escape, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    }
  });
}

function resolveDots(segments: readonly string[]): string[] {
  const resolved: string[] = [];
  for (const segment of segments) {
    if (segment === '..') resolved.pop();
    else if (segment !== '.') resolved.push(segment);
  }
  return resolved;
}

const ignored = /[\s+\p{Cc}]/u;
const extensions_max = 6;
const plain_segment = /^[a-z0-9_-]+$/;

/**
 * Returns the texts under which a router that is lax about spelling may look a segment up, all in the form of
 * `plainSpelling`: case, width, accents and invisible characters dropped, cut at `?`, `#`, `;`, `:` and control characters, without dots
 * and blanks at its ends, without one or more extensions.
 */
export function spellings(segment: string): readonly string[] {
  if (plain_segment.test(segment)) return [segment];
  const found = new Set<string>();
  for (const text of [segment, segment.replace(/[?#;:\p{Cc}].*$/su, '')]) {
    let rest = plainSpelling(text);
    found.add(trimEnds(rest.replace(/(?<=[^.])\..*$/su, '')));
    for (let extensions = 0; rest !== '' && extensions <= extensions_max; extensions++) {
      found.add(rest);
      const dot = rest.lastIndexOf('.');
      rest = dot > 0 ? trimEnds(rest.slice(0, dot)) : '';
    }
  }
  return [...found];
}

/** The text that two spellings of one segment share, extensions kept. */
export function plainSpelling(segment: string): string {
  if (plain_segment.test(segment)) return segment;
  // Lower, upper and lower case: `ẞ`, `ſ` and `K` (Kelvin) have an ASCII form in one of them only.
  const folded = segment
    .normalize('NFKD')
    .replace(/[\p{Mn}\p{DI}]/gu, '')
    .toLowerCase()
    .toUpperCase()
    .toLowerCase();
  return trimEnds(folded.normalize('NFKD').replace(/[\p{Mn}\p{DI}]/gu, ''));
}

/** Drops blanks, `+` and control characters at both ends, and dots at the end. A loop: a pattern would be quadratic. */
function trimEnds(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && ignored.test(text.charAt(start))) start++;
  while (end > start && (text.charAt(end - 1) === '.' || ignored.test(text.charAt(end - 1)))) end--;
  return text.slice(start, end);
}
