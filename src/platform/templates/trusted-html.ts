const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
};

/** Escapes a text for HTML, between tags and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

/**
 * HTML that the program made; the only value that a template prints unescaped.
 *
 * A class, so that a filter or template that changes it returns a plain string, which is escaped.
 */
export class TrustedHtml {
  readonly #html: string;

  constructor(html: string) {
    this.#html = html;
  }

  toString(): string {
    return this.#html;
  }

  /**
   * Compares like a text. The engine calls it for `==`, `!=` and `case`; without it, an object without own properties
   * equals `blank`. `other` is a value of a template, or `blank` and `empty` of the engine, which return generators.
   */
  equals(other: unknown): unknown {
    if (other instanceof TrustedHtml) return other.#html === this.#html;
    if (hasEquals(other)) return other.equals(this.#html);
    return other === this.#html;
  }

  gt(): boolean {
    return false;
  }

  geq(): boolean {
    return false;
  }

  lt(): boolean {
    return false;
  }

  leq(): boolean {
    return false;
  }
}

function hasEquals(value: unknown): value is { equals(other: unknown): unknown } {
  return typeof value === 'object' && value !== null && 'equals' in value && typeof value.equals === 'function';
}

/** Prints a value of a template: trusted HTML unchanged, any other value escaped, nothing for null. */
export function printValue(value: unknown): string {
  if (value instanceof TrustedHtml) return value.toString();
  return escapeHtml(textOf(value));
}

/** Returns the text of a value in a template: '' for null and undefined, the joined items for a list. */
export function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (value instanceof TrustedHtml) return value.toString();
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(textOf).join('');
  return '';
}
