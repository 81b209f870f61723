/**
 * Bar of an edit form: counts the changed fields and ignores a second submit. While the form is sent, the button keeps
 * its width.
 */
export class Savebar extends HTMLElement {
  private busy = false;

  connectedCallback(): void {
    const form = this.closest('form');
    const button = this.querySelector<HTMLButtonElement>('button[type="submit"]');
    const note = this.querySelector<HTMLElement>('[data-changed]');
    if (!form || !button || !note) return;
    form.addEventListener('input', () => {
      const count = countChanged(form);
      note.textContent = count === 0 ? '' : count === 1 ? '1 field changed' : `${count} fields changed`;
    });
    const text = button.textContent;
    form.addEventListener('submit', (event) => {
      if (this.busy) return event.preventDefault();
      this.busy = true;
      button.style.minWidth = `${button.offsetWidth}px`;
      button.setAttribute('aria-disabled', 'true');
      button.textContent = button.dataset['busy'] ?? text;
    });
    // A page that the browser shows again from its memory can be sent again.
    window.addEventListener('pageshow', () => {
      this.busy = false;
      button.removeAttribute('aria-disabled');
      button.textContent = text;
    });
  }
}

/** Counts the fields whose value differs from the one that the server printed. Radio rows of one name count once. */
function countChanged(form: HTMLFormElement): number {
  const names = new Set<string>();
  for (const field of form.elements) {
    if (
      field instanceof HTMLInputElement ||
      field instanceof HTMLTextAreaElement ||
      field instanceof HTMLSelectElement
    ) {
      if (field.name !== '' && isChanged(field)) names.add(field.name);
    }
  }
  return names.size;
}

function isChanged(field: HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement): boolean {
  if (field instanceof HTMLSelectElement) {
    const options = [...field.options];
    // Without a marked option the browser selects the first.
    if (!field.multiple && !options.some(({ defaultSelected }) => defaultSelected)) return field.selectedIndex > 0;
    return options.some(({ selected, defaultSelected }) => selected !== defaultSelected);
  }
  if (field instanceof HTMLInputElement && (field.type === 'checkbox' || field.type === 'radio')) {
    return field.checked !== field.defaultChecked;
  }
  return field.value !== field.defaultValue;
}
