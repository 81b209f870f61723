const SHOWN_MS = 8000;

/**
 * Removes itself after 8 seconds, unless it reports an error. The time starts again when pointer and focus leave it. A
 * button with `data-dismiss` removes it immediately.
 */
export class Toast extends HTMLElement {
  private timer: number | undefined;

  connectedCallback(): void {
    this.addEventListener('pointerenter', () => this.stay());
    this.addEventListener('focusin', () => this.stay());
    this.addEventListener('pointerleave', () => this.leaveLater());
    this.addEventListener('focusout', () => this.leaveLater());
    this.addEventListener('click', (event) => {
      if (event.target instanceof Element && event.target.closest('[data-dismiss]')) this.remove();
    });
    this.leaveLater();
  }

  disconnectedCallback(): void {
    this.stay();
  }

  private stay(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private leaveLater(): void {
    this.stay();
    if (this.getAttribute('role') === 'alert') return;
    this.timer = window.setTimeout(() => {
      // Still in use: the pointer left but the focus did not, or the reverse.
      if (this.matches(':hover, :focus-within')) this.leaveLater();
      else this.remove();
    }, SHOWN_MS);
  }
}
