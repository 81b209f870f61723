const DAY_MS = 86_400_000;

/** Prints the date that its slider of days leads to. Without scripts, the slider moves the clock without it. */
export class ClockSlider extends HTMLElement {
  connectedCallback(): void {
    const input = this.querySelector('input');
    const output = this.querySelector('output');
    const now_ms = Date.parse(this.dataset['now'] ?? '');
    if (!input || !output || Number.isNaN(now_ms)) return;
    const print = () => {
      const days = input.valueAsNumber;
      const date = new Date(now_ms + days * DAY_MS).toISOString().slice(0, 10);
      output.textContent = `${days} ${days === 1 ? 'day' : 'days'}, to ${date}`;
    };
    input.addEventListener('input', print);
    print();
  }
}
