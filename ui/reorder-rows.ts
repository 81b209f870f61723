import { draggedIndex, rowKey } from './row-order.ts';

interface Grabbed {
  readonly row: HTMLElement;
  readonly from: number;
  /** Pointer that drags the row; null for the keyboard. */
  readonly pointer: number | null;
}

/**
 * Lets a reader move rows with the pointer or the keyboard: Space grabs a row, arrows move it, Space drops it, Escape
 * takes it back. A dropped row is sent with the form `data-reorder`: the id of the row and its position from 1.
 *
 * Rows have `data-rule` and `data-name`; each gets the button of the template `data-grab`. Without scripts the buttons
 * of the rows do the same.
 */
export class ReorderRows extends HTMLElement {
  private grabbed: Grabbed | null = null;

  connectedCallback(): void {
    const template = this.querySelector<HTMLTemplateElement>('template[data-grab]');
    if (!template) return;
    for (const row of this.rows()) this.addGrabButton(row, template);
    this.addEventListener('pointermove', (event) => this.drag(event));
    this.addEventListener('pointerup', (event) => this.endDrag(event));
    this.addEventListener('pointercancel', () => this.cancel());
    this.addEventListener('keydown', (event) => this.press(event));
  }

  private rows(): HTMLElement[] {
    return [...this.querySelectorAll<HTMLElement>('[data-rule]')];
  }

  private addGrabButton(row: HTMLElement, template: HTMLTemplateElement): void {
    const form = row.querySelector<HTMLElement>('[data-move]');
    const button = template.content.firstElementChild?.cloneNode(true);
    if (!form || !(button instanceof HTMLElement)) return;
    button.setAttribute('aria-label', `Move ${row.dataset['name']} with the arrow keys`);
    button.addEventListener('pointerdown', (event) => this.startDrag(event, row));
    button.addEventListener('blur', () => {
      if (this.grabbed?.row === row && this.grabbed.pointer === null) this.cancel();
    });
    form.before(button);
    if (form.hasAttribute('data-focus')) button.focus();
  }

  private startDrag(event: PointerEvent, row: HTMLElement): void {
    if (event.button !== 0 || this.grabbed) return;
    // The row moves in the document, so the element that stays captures the pointer.
    this.setPointerCapture(event.pointerId);
    this.grab(row, event.pointerId);
  }

  private drag({ pointerId, clientY }: PointerEvent): void {
    if (this.grabbed?.pointer !== pointerId) return;
    const rows = this.rows();
    const middles = rows.map((row) => {
      const { top, height } = row.getBoundingClientRect();
      return top + height / 2;
    });
    this.place(draggedIndex(middles, rows.indexOf(this.grabbed.row), clientY));
  }

  private endDrag({ pointerId }: PointerEvent): void {
    if (this.grabbed?.pointer === pointerId) this.drop();
  }

  private press(event: KeyboardEvent): void {
    const button = event.target instanceof Element ? event.target.closest('.tg-grab') : null;
    const row = button?.closest<HTMLElement>('[data-rule]');
    if (!row) return;
    const action = rowKey(event.key, this.grabbed !== null);
    if (action === null) return;
    event.preventDefault();
    const index = this.rows().indexOf(row);
    switch (action) {
      case 'grab':
        return this.grab(row, null);
      case 'drop':
        return this.drop();
      case 'cancel':
        return this.cancel();
      case 'up':
        return this.place(index - 1);
      case 'down':
        return this.place(index + 1);
      case 'first':
        return this.place(0);
      case 'last':
        return this.place(this.rows().length - 1);
    }
  }

  private grab(row: HTMLElement, pointer: number | null): void {
    const rows = this.rows();
    const from = rows.indexOf(row);
    this.grabbed = { row, from, pointer };
    row.toggleAttribute('data-grabbed', true);
    row.querySelector('.tg-grab')?.setAttribute('aria-pressed', 'true');
    const help = pointer === null ? ' Arrow keys move it, Space drops it, Escape takes it back.' : '';
    this.say(`${row.dataset['name']}, position ${from + 1} of ${rows.length}.${help}`);
  }

  /** Moves the other rows around the grabbed one, which keeps the focus. */
  private place(wanted: number): void {
    const row = this.grabbed?.row;
    if (!row) return;
    const count = this.rows().length;
    const target = Math.min(Math.max(wanted, 0), count - 1);
    let index = this.rows().indexOf(row);
    if (index === target) return;
    for (; index > target; index -= 1) row.after(this.rows()[index - 1] ?? row);
    for (; index < target; index += 1) row.before(this.rows()[index + 1] ?? row);
    this.number();
    this.say(`Position ${target + 1} of ${count}.`);
  }

  private drop(): void {
    const dropped = this.release();
    if (!dropped) return;
    const to = this.rows().indexOf(dropped.row);
    if (to === dropped.from) return this.say('Not moved.');
    this.say(`Dropped at position ${to + 1}. Saving.`);
    const form = this.querySelector<HTMLFormElement>('form[data-reorder]');
    const fill = (name: string, value: string) => {
      const input = form?.elements.namedItem(name);
      if (input instanceof HTMLInputElement) input.value = value;
    };
    fill('rule', dropped.row.dataset['rule'] ?? '');
    fill('to', String(to + 1));
    form?.requestSubmit();
  }

  private cancel(): void {
    if (!this.grabbed) return;
    this.place(this.grabbed.from);
    const back = this.release();
    if (back) this.say(`Taken back to position ${back.from + 1}.`);
  }

  private release(): Grabbed | null {
    const { grabbed } = this;
    this.grabbed = null;
    grabbed?.row.removeAttribute('data-grabbed');
    grabbed?.row.querySelector('.tg-grab')?.setAttribute('aria-pressed', 'false');
    return grabbed;
  }

  private number(): void {
    for (const [index, row] of this.rows().entries()) {
      const position = row.querySelector('[data-position]');
      if (position) position.textContent = String(index + 1);
    }
  }

  private say(text: string): void {
    const status = this.querySelector('[data-reorder-status]');
    if (status) status.textContent = text;
  }
}
