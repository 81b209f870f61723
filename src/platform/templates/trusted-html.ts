const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
};

/** Writes a text so that it stands for itself in HTML, between tags as well as in a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

/**
 * HTML that the program made itself: the only thing a template prints as it is.
 *
 * A class and not a string, so that whatever a filter or a template does to it afterwards gives a plain string again,
 * which is escaped.
 */
export class TrustedHtml {
  readonly #html: string;

  constructor(html: string) {
    this.#html = html;
  }

  toString(): string {
    return this.#html;
  }
}

/** Prints a value of a template: trusted HTML as it is, anything else escaped, nothing for null. */
export function printValue(value: unknown): string {
  if (value instanceof TrustedHtml) return value.toString();
  return escapeHtml(textOf(value));
}

/** The text of a value as a template sees it: '' for null and undefined, items of a list one after another. */
export function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (value instanceof TrustedHtml) return value.toString();
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(textOf).join('');
  return '';
}
