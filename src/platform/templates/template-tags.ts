import {
  type Context,
  Drop,
  type Emitter,
  type Liquid,
  Tag,
  type TagToken,
  type Template,
  TypeGuards,
  type TopLevelToken,
  type Parser,
} from 'liquidjs';
import { escapeHtml, TrustedHtml } from './trusted-html.ts';

/** Tags that are removed: they print values without escaping them, or share variables between files. */
const withdrawn = ['include', 'cycle', 'echo', 'increment', 'decrement', 'liquid', 'tablerow'];

/** Registers `csrf`, and versions of `capture` and `block` whose HTML is not escaped a second time. */
export function registerTags(engine: Liquid): void {
  for (const name of withdrawn) Reflect.deleteProperty(engine.tags, name);
  engine.registerTag('csrf', CsrfTag);
  engine.registerTag('capture', HtmlCaptureTag);
  engine.registerTag('block', HtmlBlockTag);
}

/** `{% csrf %}`: the hidden field of a form with the CSRF token. */
class CsrfTag extends Tag {
  *render(context: Context, emitter: Emitter): Generator<unknown, void, unknown> {
    const token: unknown = yield context._get(['csrf_token']);
    emitter.write(`<input type="hidden" name="_csrf" value="${typeof token === 'string' ? escapeHtml(token) : ''}">`);
  }
}

/** `{% capture name %}…{% endcapture %}`: the content is escaped while it is rendered, so that the result is HTML. */
class HtmlCaptureTag extends Tag {
  readonly #variable: string;
  readonly #templates: Template[];

  constructor(token: TagToken, rest: TopLevelToken[], liquid: Liquid, parser: Parser) {
    super(token, rest, liquid);
    this.#variable = this.tokenizer.readIdentifier().content;
    if (this.#variable === '') throw this.tokenizer.error('capture needs the name of a variable');
    this.#templates = readUntil('endcapture', token, rest, parser);
  }

  *render(context: Context): Generator<unknown, void, unknown> {
    const html: unknown = yield this.liquid.renderer.renderTemplates(this.#templates, context);
    context.bottom()[this.#variable] = new TrustedHtml(String(html));
  }
}

type BlockRender = (parent: ParentBlock) => Generator<unknown, string, unknown>;

/** Blocks that pages above the layout override, by name, for each rendering. */
const filled = new WeakMap<Context, Map<string, BlockRender>>();

function blocksOf(context: Context): Map<string, BlockRender> {
  const blocks = filled.get(context) ?? new Map<string, BlockRender>();
  filled.set(context, blocks);
  return blocks;
}

const STORE = 1; // block mode of the engine while it reads a page above a layout; template-tags.test.ts pins it

/**
 * `{% block name %}…{% endblock %}`, with `{{ block.super }}` for the content of the layout.
 *
 * Replaces the tag of the engine, whose `block.super` is a string that would be escaped. Uses the register `blockMode`
 * of the engine's `layout` tag.
 */
class HtmlBlockTag extends Tag {
  readonly #name: string;
  readonly #templates: Template[];

  constructor(token: TagToken, rest: TopLevelToken[], liquid: Liquid, parser: Parser) {
    super(token, rest, liquid);
    this.#name = /\w+/.exec(token.args)?.[0] ?? '';
    this.#templates = readUntil('endblock', token, rest, parser);
  }

  *render(context: Context, emitter: Emitter): Generator<unknown, void, unknown> {
    const blocks = blocksOf(context);
    const overriding = blocks.get(this.#name);
    const render: BlockRender =
      overriding === undefined
        ? (parent) => this.#renderOwn(context, parent)
        : (parent) => overriding(new ParentBlock(() => this.#renderOwn(context, parent)));
    if (context.getRegister('blockMode') === STORE) blocks.set(this.#name, render);
    else emitter.write(yield render(new ParentBlock()));
  }

  *#renderOwn(context: Context, parent: ParentBlock): Generator<unknown, string, unknown> {
    context.push({ block: parent });
    const html: unknown = yield this.liquid.renderer.renderTemplates(this.#templates, context);
    context.pop();
    return String(html);
  }
}

/** Value of `block` inside a block; `super` renders the content of the layout. */
class ParentBlock extends Drop {
  readonly #render: () => Iterable<unknown>;

  constructor(render: () => Iterable<unknown> = () => ['']) {
    super();
    this.#render = render;
  }

  *super(): Generator<unknown, TrustedHtml, unknown> {
    const html: unknown = yield this.#render();
    return new TrustedHtml(String(html));
  }
}

function readUntil(end: string, token: TagToken, rest: TopLevelToken[], parser: Parser): Template[] {
  const templates: Template[] = [];
  for (let next = rest.shift(); next !== undefined; next = rest.shift()) {
    if (TypeGuards.isTagToken(next) && next.name === end) return templates;
    templates.push(parser.parseToken(next, rest));
  }
  throw new Error(`${token.getText()} is not closed`);
}
