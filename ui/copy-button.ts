const DONE_MS = 2000;

/**
 * Adds the button in its `<template>` that copies the text of its `<code>`.
 *
 * Browsers give pages without TLS no clipboard: the button is absent there, as it is without scripts. A template beside
 * the code takes its place; a template in the head of a block stays there.
 */
export class CopyButton extends HTMLElement {
  connectedCallback(): void {
    const template = this.querySelector('template');
    const code = this.querySelector('code');
    // The second condition: TypeScript expects a clipboard everywhere.
    if (!template || !code || !('clipboard' in navigator)) return;
    const text = code.textContent;
    const content = template.content.cloneNode(true);
    if (template.parentElement === this) code.remove();
    template.replaceWith(content);
    this.querySelector('button')?.addEventListener('click', () => void this.copy(text));
  }

  private async copy(text: string): Promise<void> {
    const status = this.querySelector('[role=status]');
    try {
      await navigator.clipboard.writeText(text);
      show(status, 'Copied');
      this.toggleAttribute('copied', true);
      setTimeout(() => {
        show(status, '');
        this.toggleAttribute('copied', false);
      }, DONE_MS);
    } catch {
      show(status, 'Not copied'); // the reader refused access to the clipboard
    }
  }
}

function show(status: Element | null, text: string): void {
  if (status) status.textContent = text;
}
