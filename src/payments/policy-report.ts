/** Content that a browser blocked on a page of payments. Every member comes from the browser. */
export interface PolicyViolation {
  directive: string;
  /** Origin of the content, its scheme, or a word such as `inline`. */
  blocked: string;
  /** Path of the page without what may be a key in it. */
  page: string;
}

/** Reports of one request that are read. */
const REPORTS_MAX = 10;

const DIRECTIVES: ReadonlySet<string> = new Set([
  'script-src',
  'script-src-elem',
  'script-src-attr',
  'style-src',
  'style-src-elem',
  'style-src-attr',
  'img-src',
  'font-src',
  'connect-src',
  'frame-src',
  'form-action',
  'default-src',
  'base-uri',
  'frame-ancestors',
  'worker-src',
  'media-src',
  'object-src',
  'manifest-src',
]);

const WORDS: ReadonlySet<string> = new Set(['inline', 'eval', 'wasm-eval', 'trusted-types-policy', 'self']);

const TEXT_LENGTH_MAX = 200;

/** Longest part of a path that is shown: keys and codes of links are longer. */
const PART_LENGTH_MAX = 19;

/**
 * Reads the reports of a browser in either format (Reporting API, or `report-uri`). Anything else is left out: the
 * sender is not authenticated. Pure, and never throws.
 * @see https://www.w3.org/TR/CSP3/#reporting
 */
export function readPolicyReports(raw: Buffer): PolicyViolation[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(raw.toString('utf8'));
  } catch {
    return [];
  }
  const bodies = Array.isArray(parsed)
    ? parsed
        .slice(0, REPORTS_MAX)
        .map((report) => (field(report, 'type') === 'csp-violation' ? field(report, 'body') : null))
    : [field(parsed, 'csp-report')];
  return bodies.flatMap((body) => readViolation(body) ?? []);
}

function readViolation(body: unknown): PolicyViolation | null {
  const directive = textOf(body, 'effectiveDirective', 'effective-directive', 'violated-directive').split(' ')[0] ?? '';
  if (!DIRECTIVES.has(directive)) return null;
  const blocked = shownSource(textOf(body, 'blockedURL', 'blocked-uri'));
  return { directive, blocked, page: shownPath(textOf(body, 'documentURL', 'document-uri')) };
}

/** Paths and queries of other sites may have personal data in them. */
function shownSource(text: string): string {
  if (WORDS.has(text)) return text;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null) return /^[a-z][a-z0-9+.-]{0,19}$/.test(text) ? text : 'unknown';
  return (url.origin === 'null' ? url.protocol : url.origin).slice(0, TEXT_LENGTH_MAX);
}

function shownPath(text: string): string {
  if (!URL.canParse(text)) return '';
  const { pathname } = new URL(text);
  const parts = pathname.split('/').map((part) => (part.length > PART_LENGTH_MAX ? '…' : part));
  return parts.join('/').slice(0, TEXT_LENGTH_MAX);
}

/** Returns the first of some members that is a text; empty without one. */
function textOf(value: unknown, ...names: readonly string[]): string {
  for (const name of names) {
    const text = field(value, name);
    if (typeof text === 'string') return text.slice(0, 2000);
  }
  return '';
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return null;
  return (value as Record<string, unknown>)[name];
}
