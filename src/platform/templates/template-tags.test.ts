import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Context, Liquid } from 'liquidjs';
import { registerTags } from './template-tags.ts';

/** Reads the internals of LiquidJS that template-tags.ts relies on; an upgrade that changes them fails here. */
function open(templates: Record<string, string>) {
  const engine = new Liquid({ templates, outputEscape: 'escape' });
  registerTags(engine);
  return engine;
}

test('the block mode of the engine is 1 while a page above a layout is read, and unset in the layout', () => {
  const modes: unknown[] = [];
  const engine = open({
    page: '{% layout "base" %}{% probe %}{% block a %}{% endblock %}',
    base: '{% probe %}{% block a %}{% endblock %}',
  });
  engine.registerTag('probe', {
    render(context: Context) {
      modes.push(context.getRegister('blockMode'));
      return '';
    },
  });
  engine.renderFileSync('page');
  assert.deepEqual(modes, [1, undefined]);
});

test('a context resolves a variable by path, synchronously inside a generator', () => {
  const engine = open({ form: '{% csrf %}' });
  assert.equal(
    engine.renderFileSync('form', { csrf_token: 'a"b' }),
    '<input type="hidden" name="_csrf" value="a&#34;b">',
  );
});

test('withdrawn tags do not parse, and the tags of the engine that templates need do', () => {
  const { tags } = open({});
  for (const name of ['include', 'cycle', 'echo', 'increment', 'decrement', 'liquid', 'tablerow'])
    assert.throws(() => open({}).parseAndRenderSync(`{% ${name} a %}`), /not found/, name);
  for (const name of ['assign', 'if', 'for', 'case', 'render', 'layout', 'comment', 'raw'])
    assert.ok(name in tags, name);
});

test('the innermost page overrides a block through two layouts and may print each of them', () => {
  const engine = open({
    page: '{% layout "middle" %}{% block a %}page({{ block.super }}){% endblock %}',
    middle: '{% layout "base" %}{% block a %}middle({{ block.super }}){% endblock %}',
    base: '<{% block a %}base{% endblock %}>',
  });
  assert.equal(engine.renderFileSync('page'), '<page(middle(base))>');
});

test('tags that are not closed and captures without a name are refused', () => {
  assert.throws(() => open({}).parse('{% block a %}'), /not closed/);
  assert.throws(() => open({}).parse('{% capture %}x{% endcapture %}'), /capture needs the name/);
});
