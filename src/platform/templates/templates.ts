import { Liquid, type Template } from 'liquidjs';
import type { Clock } from '../clock.ts';
import { subjectOf, textOfHtml } from '../mail/mail-text.ts';
import { registerFilters } from './template-filters.ts';
import { registerTags } from './template-tags.ts';
import { printValue } from './trusted-html.ts';

export interface TemplateSource {
  source: string;
  /** Changes whenever the source does; a compiled template is used as long as it stays. */
  version: string;
}

/** Finds a template by its name, such as `saas/pricing.html`; joined in app.ts with the room that knows themes. */
export type TemplateLookup = (name: string) => TemplateSource | undefined;

export interface TemplateLimits {
  /** Characters of one template. */
  source_length_max: number;
  render_ms_max: number;
  /** Units of memory of one rendering: characters printed, items of joined lists, ranges. */
  memory_max: number;
}

export interface TemplatesOptions {
  lookup: TemplateLookup;
  assetUrl: (name: string) => string;
  clock: Clock;
  limits?: Partial<TemplateLimits>;
}

export interface Mail {
  subject: string;
  html: string;
  text: string;
}

export interface Templates {
  /** True if a template has that name. */
  has(name: string): boolean;
  /** Renders a page. @throws TemplateError */
  renderPage(name: string, data: Readonly<Record<string, unknown>>): string;
  /** Renders a message: the title is the subject, the text is made from the HTML. @throws TemplateError */
  renderMail(name: string, data: Readonly<Record<string, unknown>>): Mail;
  /** Returns the error of a source before it is installed, or null. */
  refuseSource(name: string, source: string): string | null;
}

/** A template that is missing, cannot be parsed or cannot be rendered: an error of its author, with file and line. */
export class TemplateError extends Error {
  readonly template: string;
  readonly line: number | null;

  constructor(template: string, line: number | null, reason: string, cause: unknown) {
    super(`template ${template}${line === null ? '' : `, line ${line}`}: ${reason}`, { cause });
    this.name = 'TemplateError';
    this.template = template;
    this.line = line;
  }
}

const defaultLimits: TemplateLimits = { source_length_max: 200_000, render_ms_max: 2_000, memory_max: 20_000_000 };

/**
 * Makes the template engine: Liquid without access to the host.
 *
 * Templates are read from `lookup` only, read own properties of plain data only, and stop at the limits. Values are
 * escaped unless they are TrustedHtml. Partials see all data of the page, so that `form`, `errors` and the common
 * context are not passed to them.
 */
export function makeTemplates({ lookup, assetUrl, clock, limits }: TemplatesOptions): Templates {
  const engine = makeEngine(lookup, { ...defaultLimits, ...limits });
  registerFilters(engine, { clock, assetUrl });
  registerTags(engine);

  const render = (name: string, data: Readonly<Record<string, unknown>>): string => {
    try {
      return String(engine.renderFileSync(name, {}, { globals: data }));
    } catch (error) {
      throw toTemplateError(name, error);
    }
  };
  return {
    has: (name) => lookup(name) !== undefined,
    renderPage: render,
    renderMail: (name, data) => {
      const html = render(name, data);
      return { subject: subjectOf(html), html, text: textOfHtml(html) };
    },
    refuseSource: (name, source) => {
      try {
        engine.parse(source, name);
        return null;
      } catch (error) {
        return toTemplateError(name, error).message;
      }
    },
  };
}

function makeEngine(lookup: TemplateLookup, limits: TemplateLimits): Liquid {
  const read = (name: string): string => {
    const found = lookup(name);
    if (found === undefined) throw new Error(`there is no template "${name}"`);
    return found.source;
  };
  return new Liquid({
    root: [''],
    relativeReference: false,
    dynamicPartials: true,
    strictFilters: true,
    ownPropertyOnly: true,
    outputEscape: printAndCount,
    parseLimit: limits.source_length_max,
    renderLimit: limits.render_ms_max,
    memoryLimit: limits.memory_max,
    cache: compiledCache(lookup),
    fs: {
      resolve: (_folder, name) => name,
      existsSync: (name) => lookup(name) !== undefined,
      exists: async (name) => lookup(name) !== undefined,
      readFileSync: read,
      readFile: async (name) => read(name),
    },
  });
}

/** Prints a value and adds its length to the memory of the rendering, so that a loop cannot fill the memory. */
function printAndCount(
  this: { context?: { memoryLimit: { use(count: number): void } } } | void,
  value: unknown,
): string {
  const html = printValue(value);
  if (this?.context) this.context.memoryLimit.use(html.length);
  return html;
}

/** Keeps compiled templates until the version of their source changes. The engine's keys are `kind:name`. */
function compiledCache(lookup: TemplateLookup) {
  type Compiled = Template[] | Promise<Template[]>;
  const compiled = new Map<string, { version: string; templates: Compiled }>();
  const versionOf = (key: string) => lookup(key.slice(key.indexOf(':') + 1))?.version;
  return {
    read(key: string): Compiled | undefined {
      const entry = compiled.get(key);
      return entry !== undefined && entry.version === versionOf(key) ? entry.templates : undefined;
    },
    write(key: string, templates: Compiled): void {
      const version = versionOf(key);
      if (version !== undefined) compiled.set(key, { version, templates });
    },
    remove(key: string): void {
      compiled.delete(key);
    },
  };
}

const lookupFailure = /^ENOENT: Failed to lookup "([^"]*)"/;

function toTemplateError(name: string, error: unknown): TemplateError {
  if (!(error instanceof Error)) return new TemplateError(name, null, String(error), error);
  const position = /, file:(?<file>.*?), line:(?<line>\d+), col:\d+$/.exec(error.message);
  const cause = error.message.replace(/(, file:.*?)?, line:\d+, col:\d+$/, '');
  const missing = lookupFailure.exec(cause)?.[1];
  const reason = missing === undefined ? cause : `there is no template "${missing}"`;
  const line = position?.groups?.['line'];
  return new TemplateError(position?.groups?.['file'] ?? name, line === undefined ? null : Number(line), reason, error);
}
