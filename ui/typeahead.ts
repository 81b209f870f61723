const CHARACTERS_MIN = 2;
const WAIT_MS = 250;
const SHOWN_MAX = 5;

interface Found {
  value: string;
  label: string;
}

/**
 * Text field that suggests candidates while a person types: a combobox with a listbox (ARIA APG). Arrow keys select,
 * Enter takes the selected one, Escape closes the list, then empties the field. Without selection Enter sends the form.
 */
export class Typeahead extends HTMLElement {
  private readonly list = document.createElement('ul');
  private found: readonly Found[] = [];
  private selected = -1;
  private timer = 0;
  private request = new AbortController();

  connectedCallback(): void {
    const input = this.querySelector<HTMLInputElement>('input[type="text"]');
    if (!input || this.list.isConnected || !this.hasAttribute('src')) return;
    this.list.className = 'tg-combo-list';
    this.list.id = `${input.id}-list`;
    this.list.hidden = true;
    this.list.setAttribute('role', 'listbox');
    this.list.setAttribute('aria-label', this.getAttribute('list-label') ?? '');
    input.after(this.list);
    for (const [name, value] of Object.entries({
      role: 'combobox',
      'aria-expanded': 'false',
      'aria-controls': this.list.id,
      'aria-autocomplete': 'list',
    }))
      input.setAttribute(name, value);
    input.addEventListener('input', () => this.wait(input));
    input.addEventListener('keydown', (event) => this.press(input, event));
    input.addEventListener('blur', () => this.close(input));
    // The pointer must not take the focus before the click.
    this.list.addEventListener('pointerdown', (event) => event.preventDefault());
    this.list.addEventListener('click', ({ target }) => {
      const row = target instanceof Element ? target.closest('li') : null;
      if (row) this.take(input, [...this.list.children].indexOf(row));
    });
  }

  private wait(input: HTMLInputElement): void {
    window.clearTimeout(this.timer);
    this.request.abort();
    // The rows that the server printed belong to the former text.
    this.querySelector('[data-candidates]')?.remove();
    if ([...input.value.trim()].length < CHARACTERS_MIN) return this.close(input);
    this.timer = window.setTimeout(() => void this.search(input), WAIT_MS);
  }

  private async search(input: HTMLInputElement): Promise<void> {
    this.request = new AbortController();
    const url = new URL(this.getAttribute('src') ?? '', window.location.href);
    if (url.origin !== window.location.origin) return;
    url.searchParams.set('q', input.value.trim());
    try {
      const reply = await fetch(url, { headers: { accept: 'application/json' }, signal: this.request.signal });
      if (reply.ok) this.show(input, readFound(await reply.json()));
    } catch {
      this.close(input); // the field works without candidates
    }
  }

  private show(input: HTMLInputElement, found: readonly Found[]): void {
    const invite = this.getAttribute('invite');
    const typed = input.value.trim();
    this.found = [
      ...found.slice(0, SHOWN_MAX),
      ...(invite === null ? [] : [{ value: typed, label: `${invite}: “${typed}”` }]),
    ];
    this.selected = -1;
    this.list.replaceChildren(...this.found.map((each, index) => this.row(each, index)));
    this.list.hidden = this.found.length === 0;
    input.setAttribute('aria-expanded', String(this.found.length > 0));
    input.removeAttribute('aria-activedescendant');
  }

  private row({ value, label }: Found, index: number): HTMLLIElement {
    const row = document.createElement('li');
    row.id = `${this.list.id}-${index}`;
    row.setAttribute('role', 'option');
    row.setAttribute('aria-selected', 'false');
    const text = document.createElement('span');
    text.dir = 'auto';
    text.textContent = label;
    if (label !== value && !label.includes(value)) {
      const note = document.createElement('small');
      note.textContent = value;
      text.append(note);
    }
    row.append(text);
    return row;
  }

  private press(input: HTMLInputElement, event: KeyboardEvent): void {
    if (event.isComposing || this.list.hidden) return;
    const count = this.found.length;
    if (event.key === 'ArrowDown') this.select(input, (this.selected + 1) % count);
    else if (event.key === 'ArrowUp') this.select(input, this.selected <= 0 ? count - 1 : this.selected - 1);
    else if (event.key === 'Enter' && this.selected >= 0) this.take(input, this.selected);
    else if (event.key === 'Escape') this.close(input);
    else return;
    event.preventDefault();
  }

  private select(input: HTMLInputElement, index: number): void {
    this.selected = index;
    for (const [at, row] of [...this.list.children].entries()) row.setAttribute('aria-selected', String(at === index));
    input.setAttribute('aria-activedescendant', `${this.list.id}-${index}`);
    this.list.children[index]?.scrollIntoView({ block: 'nearest' });
  }

  private take(input: HTMLInputElement, index: number): void {
    const taken = this.found[index];
    if (!taken) return;
    input.value = taken.value;
    this.close(input);
    input.dispatchEvent(new Event('change', { bubbles: true }));
  }

  private close(input: HTMLInputElement): void {
    this.list.hidden = true;
    this.selected = -1;
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
  }
}

/** Reads the candidates of the API: `{results: [{slug, printable_name}]}`. */
function readFound(body: unknown): Found[] {
  const results: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'results') : null;
  if (!Array.isArray(results)) return [];
  return results.flatMap((each: unknown) => {
    if (typeof each !== 'object' || each === null) return [];
    const value: unknown = Reflect.get(each, 'slug');
    const label: unknown = Reflect.get(each, 'printable_name');
    return typeof value === 'string' ? [{ value, label: typeof label === 'string' ? label : value }] : [];
  });
}
