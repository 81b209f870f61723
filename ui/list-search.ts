import { movedRow, shownKey } from './list-keys.ts';

const DELAY_MS = 300;
/** A list that comes later than this is dimmed before it is replaced. */
const DIM_MS = 400;

/**
 * Searches a list while the reader types, and moves between its rows by keys.
 *
 * Each part of the page that is marked `data-list-part` is replaced by the same part of the page of the new address;
 * the field itself stays. Any failure opens that address as a page.
 */
export class ListSearch extends HTMLElement {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #request = new AbortController();
  #listening = new AbortController();

  connectedCallback(): void {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    this.#input?.addEventListener('input', () => this.#searchSoon(), { signal });
    this.#input?.form?.addEventListener('submit', (event) => this.#submit(event), { signal });
    document.addEventListener('keydown', (event) => this.#press(event), { signal });
    addEventListener('popstate', () => void this.#show(location.href), { signal });
  }

  disconnectedCallback(): void {
    clearTimeout(this.#timer);
    this.#request.abort();
    this.#listening.abort();
  }

  get #input(): HTMLInputElement | null {
    return this.querySelector('input[type=search]');
  }

  #searchSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#search(), DELAY_MS);
  }

  #submit(event: Event): void {
    event.preventDefault();
    clearTimeout(this.#timer);
    void this.#search();
  }

  async #search(): Promise<void> {
    const form = this.#input?.form;
    if (!form) return;
    // A field named `action` would hide the property of the form.
    const address = new URL(form.getAttribute('action') ?? '', location.href);
    for (const [name, value] of new FormData(form)) {
      if (typeof value === 'string' && value !== '') address.searchParams.append(name, value);
    }
    if (address.href === location.href) return;
    if (await this.#show(address.href)) history.pushState(null, '', address);
  }

  /** Replaces the parts of the list; false when another address was asked for meanwhile. */
  async #show(address: string): Promise<boolean> {
    this.#request.abort();
    this.#request = new AbortController();
    const { signal } = this.#request;
    const parts = [...document.querySelectorAll('[data-list-part]')];
    const dim = setTimeout(() => setBusy(parts, true), DIM_MS);
    try {
      const response = await fetch(address, { headers: { accept: 'text/html' }, signal });
      if (!response.ok || response.redirected) throw new Error(`status ${response.status}`);
      const page = new DOMParser().parseFromString(await response.text(), 'text/html');
      if (signal.aborted) return false;
      this.#replace(parts, page);
      return true;
    } catch {
      if (!signal.aborted) location.assign(address);
      return false;
    } finally {
      clearTimeout(dim);
      setBusy(parts, false);
    }
  }

  #replace(parts: readonly Element[], page: Document): void {
    const fresh = parts.map((part) => page.getElementById(part.id));
    if (fresh.includes(null)) throw new Error('the page has another list');
    for (const [index, part] of parts.entries()) {
      const other = fresh[index];
      if (!other) continue;
      for (const { name, value } of other.attributes) part.setAttribute(name, value);
      part.replaceChildren(...other.childNodes);
    }
    document.title = page.title;
    this.#keepFields(page);
    const counted = document.querySelector('[data-list-count]')?.getAttribute('data-list-count') ?? '';
    const status = this.querySelector('[data-list-status]');
    if (status) status.textContent = counted;
  }

  /** Takes over the hidden fields and, unless the reader is typing, the text of the search of another page. */
  #keepFields(page: Document): void {
    const [input, other] = [this.#input, page.querySelector<HTMLInputElement>('tg-list-search input[type=search]')];
    if (!input?.form || !other?.form) return;
    for (const field of input.form.querySelectorAll('input[type=hidden]')) field.remove();
    input.form.append(...other.form.querySelectorAll('input[type=hidden]'));
    if (document.activeElement !== input) input.value = other.value;
  }

  #press(event: KeyboardEvent): void {
    const key = shownKey(event, isField(event.target));
    if (key === null) return;
    if (key === '/') {
      const field = this.#input ?? document.querySelector<HTMLInputElement>('.tg-search-jump input');
      if (!field) return;
      field.focus();
      field.select();
    } else if (key === '?') {
      document.getElementById(`${this.getAttribute('list') ?? ''}-keys`)?.togglePopover();
    } else {
      const rows = [...document.querySelectorAll<HTMLElement>('[data-list-count] .tg-rowlink')];
      const current = rows.findIndex((row) => row.closest('tr')?.contains(document.activeElement));
      rows[movedRow(current, rows.length, key)]?.focus();
    }
    event.preventDefault();
  }
}

function setBusy(parts: readonly Element[], is_busy: boolean): void {
  for (const part of parts) {
    if (is_busy) part.setAttribute('aria-busy', 'true');
    else part.removeAttribute('aria-busy');
  }
}

function isField(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, select, textarea, [contenteditable]') !== null;
}
