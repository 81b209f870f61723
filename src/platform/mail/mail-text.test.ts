import assert from 'node:assert/strict';
import { test } from 'node:test';
import { subjectOf, textOfHtml } from './mail-text.ts';

const page = (title: string, body: string) =>
  `<!doctype html><html><head><title>${title}</title><style>p { color: red }</style></head>${body}</html>`;

test('the text has the body only, with or without attributes, and a part without a body as a whole', () => {
  assert.equal(textOfHtml(page('Title', '<body class="x"><p>One</p></body>')), 'One');
  assert.equal(textOfHtml(page('Title', '<BODY><p>A &lt;body&gt; &amp; more</p></BODY>')), 'A <body> & more');
  assert.equal(textOfHtml('<p>One</p><p>Two</p>'), 'One\n\nTwo');
});

test('a link is followed by its address, and parts for HTML are left out', () => {
  const body = '<body><p data-part="html">Button</p><p><a href="https://x.example/">Open</a></p></body>';
  assert.equal(textOfHtml(page('', body)), 'Open: https://x.example/');
});

test('the subject is the title on one line, with its entities decoded and without markup', () => {
  assert.equal(subjectOf(page('  Your order\n at  Cowork ', '')), 'Your order at Cowork');
  assert.equal(subjectOf(page('Bob &amp; Ann &lt;3 &#39;x&#39;', '')), "Bob & Ann <3 'x'");
  assert.equal(subjectOf(page('Zero\u200bwidth', '')), 'Zero width');
  assert.equal(subjectOf('<p>no title</p>'), '');
});
