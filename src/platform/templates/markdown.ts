import { Marked } from 'marked';
import sanitizeHtml from 'sanitize-html';
import { TrustedHtml } from './trusted-html.ts';

const marked = new Marked({ gfm: true, async: false });

/** Elements that Markdown text may contain: no scripts, styles, forms, frames or cross-origin images. */
const allowed: sanitizeHtml.IOptions = {
  allowedTags:
    'h1 h2 h3 h4 h5 h6 p br hr blockquote pre code em strong del sup sub ul ol li a table thead tbody tr th td'.split(
      ' ',
    ),
  allowedAttributes: { a: ['href', 'title', 'rel'], ol: ['start'], th: ['align', 'scope'], td: ['align'] },
  allowedSchemes: ['http', 'https', 'mailto', 'tel'],
  allowProtocolRelative: false,
  transformTags: { a: sanitizeHtml.simpleTransform('a', { rel: 'noopener nofollow' }, true) },
};

/** Renders Markdown of any origin as safe HTML; trusted HTML is returned unchanged. */
export function renderMarkdown(text: string | TrustedHtml): TrustedHtml {
  if (text instanceof TrustedHtml) return text;
  return new TrustedHtml(sanitizeHtml(marked.parse(text, { async: false }), allowed));
}
