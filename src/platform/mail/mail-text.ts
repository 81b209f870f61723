const named: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  copy: '©',
  middot: '·',
  mdash: '—',
  ndash: '–',
  hellip: '…',
};

/** Finds the subject of a message in its document: the text of `<title>`, on one line. */
export function subjectOf(html: string): string {
  const title = /<title[^>]*>([\s\S]*?)<\/title>/i.exec(html)?.[1] ?? '';
  return decodeEntities(title.replace(/<[^>]*>/g, ''))
    .replace(/\s+/g, ' ')
    .trim();
}

/**
 * Makes the plain-text part of a message from its HTML part.
 *
 * Addresses of links are kept behind their words; cells of a row are parted by two spaces; elements marked
 * `data-part="html"` are left out. Works on HTML of our own templates, where every value is escaped:
 * a `<` in the source always begins a tag.
 */
export function textOfHtml(html: string): string {
  const body = /<body[^>]*>([\s\S]*)<\/body>/i.exec(html)?.[1] ?? html;
  const marked = body
    .replace(
      /<!--[\s\S]*?-->|<(style|script|title)\b[\s\S]*?<\/\1>|<(\w+)[^>]*\sdata-part="html"[^>]*>[\s\S]*?<\/\2>/gi,
      '',
    )
    .replace(/<a\b[^>]*\shref="([^"]*)"[^>]*>([\s\S]*?)<\/a>/gi, (_all, href: string, words: string) => {
      const shown = words.replace(/<[^>]*>/g, '').trim();
      return shown === href || shown === '' ? href : `${shown}: ${href} `;
    })
    .replace(/\s+/g, ' ')
    .replace(/<li\b[^>]*>/gi, '\n- ')
    .replace(/<\/(td|th)>/gi, '  ')
    .replace(/<(br|hr)\b[^>]*>|<\/(ul|ol|tr)>/gi, '\n')
    .replace(/<\/?(p|h[1-6]|div|table|blockquote|header|footer|section|dl|caption)\b[^>]*>/gi, '\n\n')
    .replace(/<[^>]*>/g, '');
  return decodeEntities(marked)
    .split('\n')
    .map((line) => line.trim())
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

function decodeEntities(text: string): string {
  return text.replace(/&(#x[0-9a-f]+|#\d+|\w+);/gi, (whole, name: string) => {
    if (!name.startsWith('#')) {
      const character = Object.hasOwn(named, name.toLowerCase()) ? named[name.toLowerCase()] : undefined;
      return character ?? whole;
    }
    const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number.parseInt(name.slice(1), 10);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
