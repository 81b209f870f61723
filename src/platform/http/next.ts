/**
 * Returns a path of this site as the target of a redirect; null for other hosts, schemes, `//host`, backslashes and
 * control characters, also when they are percent-encoded once or twice.
 * @see docs/spec/identity.md 13 and 16.5
 */
export function safeNext(text: string | null | undefined): string | null {
  if (text === null || text === undefined || text.length === 0 || text.length > 2000) return null;
  let decoded = text;
  for (let round = 0; round < 3; round++) {
    if (!isLocalPath(decoded)) return null;
    try {
      const once = decodeURIComponent(decoded);
      if (once === decoded) break;
      decoded = once;
    } catch {
      return null;
    }
  }
  return isLocalPath(decoded) ? text : null;
}

function isLocalPath(path: string): boolean {
  // oxlint-disable-next-line no-control-regex -- this pattern finds control characters
  return /^\/(?![/\\])/.test(path) && !/[\\\u0000-\u001f\u007f]/.test(path) && !path.split('?')[0]?.includes('//');
}

/** Appends `next` to a path of this site, which may have a query. */
export function withNext(path: string, next: string | null | undefined): string {
  const safe = safeNext(next);
  if (safe === null) return path;
  return `${path}${path.includes('?') ? '&' : '?'}next=${encodeURIComponent(safe.toWellFormed())}`;
}

/**
 * Returns the target after a successful form: the `next` of its address if it is a path of this site, else the
 * fallback.
 */
export function targetOf(request: { query: unknown }, fallback: string): string {
  const { query } = request;
  const next: unknown = typeof query === 'object' && query !== null ? Reflect.get(query, 'next') : null;
  return (typeof next === 'string' ? safeNext(next) : null) ?? fallback;
}
