/**
 * Readings of the bytes of a path by other servers. Routers differ in how often they decode, whether `\` and `;`
 * separate, whether empty and dot segments count, and whether case, extensions and trailing dots matter.
 *
 * Structure (which segments exist) is read into lists of segments by `findOtherReadings`, `findRoutedPaths` and
 * `findUncollapsedSegments`. Spelling (which literal a segment equals) is compared by `findSpellings` and
 * `plainSpelling`. All functions are pure.
 */

/** Maximum nesting of escapes; applications produce less. */
const decode_depth_max = 4;
const forms_max = 24;
const simple_path = /^(?:\/[^/%;\\]+)*\/?$/;
const escape_run = /(?:%[0-9a-f]{2})+/gi;
const ascii_escape = /%([0-7][0-9a-f])/gi;

/**
 * Returns the segment lists that servers may see in `path`, without `segments`, which the gateway matches first.
 * Empty for nearly every request. Null if the nesting or the number of forms exceeds its limit.
 */
export function findOtherReadings(path: string, segments: readonly string[]): (readonly string[])[] | null {
  if (simple_path.test(path) && !path.includes('//')) return [];
  const forms = findForms(path);
  if (forms === null) return null;
  const lists = [...forms].map((form) => resolveDots(form.split(/[/\\]/).filter((segment) => segment !== '')));
  const seen = new Set([segments.join('/')]);
  return lists.filter((list) => {
    // Only segments of the primary reading contain slashes.
    const key = list.join('/');
    if (seen.has(key) && !segments.some((segment) => segment.includes('/'))) return false;
    seen.add(key);
    return true;
  });
}

/** A script that routes the rest of the path: `/index.php/admin`. */
const script = /\.(?:php\d?|phtml|f?cgi|pl|py|aspx?|cfm|jsp)$/i;
/** A session of ASP.NET in the path: `/(S(x1y2))/admin`. */
const path_session = /^\((?:[a-z]\([^()]*\))+\)$/i;

/**
 * Returns the paths that a server routes if a segment is a script or a session: the path without that segment, and for
 * a script also the rest of the path alone.
 */
export function findRoutedPaths(lists: readonly (readonly string[])[]): (readonly string[])[] {
  return lists.flatMap((list) =>
    list.flatMap((segment, index) => {
      const rest = list.slice(index + 1);
      if (rest.length > 0 && script.test(segment)) return [rest, [...list.slice(0, index), ...rest]];
      return path_session.test(segment) ? [[...list.slice(0, index), ...rest]] : [];
    }),
  );
}

/** Returns the segments including empty ones, for servers that do not collapse `//`; null if the path has none. */
export function findUncollapsedSegments(path: string): readonly string[] | null {
  return path.includes('//') ? path.slice(1).split('/').map(decodeOnce) : null;
}

/** Returns the path after each number of decodings, with and without `;parameters`, also in NFKC. */
function findForms(path: string): Set<string> | null {
  // URL parsers read `//host/x` as an address without scheme, with the first segment as host.
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

/** Decodes valid escapes and keeps the others: text that was decoded before may contain a bare `%`. */
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
 * Returns the texts under which a router with lax spelling may look up a segment, each in the form of `plainSpelling`:
 * the whole segment; the segment cut at `?`, `#`, `;`, `:` and control characters; each without dots and blanks at its
 * ends, and without one or more extensions.
 */
export function findSpellings(segment: string): readonly string[] {
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

/** Returns the common form of all spellings of a segment: without case, width, accents and invisible characters. */
export function plainSpelling(segment: string): string {
  if (plain_segment.test(segment)) return segment;
  // Lower, upper and lower case: `ẞ`, `ſ` and `K` (Kelvin) have an ASCII form in only one of them.
  const folded = segment
    .normalize('NFKD')
    .replace(/[\p{Mn}\p{DI}]/gu, '')
    .toLowerCase()
    .toUpperCase()
    .toLowerCase();
  return trimEnds(folded.normalize('NFKD').replace(/[\p{Mn}\p{DI}]/gu, ''));
}

/** Removes blanks, `+` and control characters at both ends, and dots at the end. In linear time, unlike a pattern. */
function trimEnds(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && ignored.test(text.charAt(start))) start++;
  while (end > start && (text.charAt(end - 1) === '.' || ignored.test(text.charAt(end - 1)))) end--;
  return text.slice(start, end);
}
