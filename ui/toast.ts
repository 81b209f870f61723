const SHOWN_MS = 8000;
/** A message that offers undo is shown as long as the offer is valid. */
const UNDO_MS = 60_000;

/**
 * Removes itself after 8 seconds, or 60 when it offers undo, unless it reports an error or has `data-stays`. The time
 * starts again when pointer and focus leave it. A button with `data-dismiss` removes it immediately.
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
    if (this.getAttribute('role') === 'alert' || this.hasAttribute('data-stays')) return;
    this.timer = window.setTimeout(
      () => {
        // Still in use: the pointer left but the focus did not, or the reverse.
        if (this.matches(':hover, :focus-within')) this.leaveLater();
        else this.remove();
      },
      this.querySelector('form') === null ? SHOWN_MS : UNDO_MS,
    );
  }
}
