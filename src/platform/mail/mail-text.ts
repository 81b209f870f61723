import { compile, type DomNode } from 'html-to-text';

const toOneLine = compile({ wordwrap: false });

/** Returns the subject of a message: the text of `<title>` in its document, on one line. */
export function subjectOf(html: string): string {
  const title = /<title[^>]*>([\s\S]*?)<\/title>/i.exec(html)?.[1] ?? '';
  // A text without markup, entities and zero-width spaces needs no parser.
  const text = /[<&\u200b]/.test(title) ? toOneLine(title) : title;
  return text.replace(/\s+/g, ' ').trim();
}

const heading = { options: { uppercase: false } };

/**
 * Makes the plain-text part of a message from its HTML part.
 *
 * The address of a link follows its words, the columns of a table are aligned, and elements with `data-part="html"` are
 * left out.
 */
export function textOfHtml(html: string): string {
  // The head is not in the text, and its styles take half of the time of the parser.
  return textOfBody(html.slice(Math.max(html.search(/<body[\s>]/i), 0)));
}

const textOfBody = compile({
  wordwrap: false,
  selectors: [
    { selector: '[data-part="html"]', format: 'skip' },
    { selector: 'a', format: 'labelledAddress' },
    { selector: 'img', format: 'skip' },
    ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({ selector, ...heading })),
    { selector: 'ul', options: { itemPrefix: '- ' } },
    { selector: 'table', format: 'dataTable', options: { colSpacing: 2, uppercaseHeaderCells: false } },
  ],
  formatters: {
    labelledAddress(link, _walk, builder) {
      const href = hrefOf(link);
      const words = wordsOf(link).trim();
      builder.addInline(words === '' || words === href ? href : `${words}: ${href}`);
    },
  },
});

function wordsOf(node: DomNode): string {
  return (node.children ?? []).map((child) => (child.type === 'text' ? (child.data ?? '') : wordsOf(child))).join('');
}

function hrefOf({ attribs }: DomNode): string {
  const href: unknown = Reflect.get(Object(attribs), 'href');
  return typeof href === 'string' ? href : '';
}
