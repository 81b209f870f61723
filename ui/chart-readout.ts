import { type ChartTable, periodAt, periodOfKey, readPeriod } from './readout.ts';

/**
 * Shows the values of one period of a chart: below the pointer, or with arrow keys, Home and End. Escape ends it. The
 * values are those of the table of the chart.
 */
export class ChartReadout extends HTMLElement {
  private selected: number | null = null;
  private table: ChartTable = { head: [], rows: [] };
  private readonly box = document.createElement('p');
  private readonly mark = document.createElement('span');

  connectedCallback(): void {
    const picture = this.querySelector<HTMLElement>('.tg-plot-picture');
    const table = this.closest('figure')?.querySelector('table');
    if (!picture || !table || this.box.isConnected) return;
    this.table = tableOf(table);
    if (this.table.rows.length === 0) return;
    this.box.className = 'tg-readout';
    this.box.setAttribute('role', 'status');
    this.mark.className = 'tg-readout-mark';
    this.mark.hidden = true;
    picture.append(this.mark, this.box);
    this.listen(picture);
  }

  private listen(picture: HTMLElement): void {
    const count = this.table.rows.length;
    picture.tabIndex = 0;
    picture.setAttribute('role', 'group');
    picture.setAttribute('aria-label', `Values of the chart, with arrow keys`);
    picture.addEventListener('pointermove', ({ clientX }) => {
      const { left, width } = picture.getBoundingClientRect();
      this.select(periodAt(clientX - left, width, count));
    });
    picture.addEventListener('pointerleave', () => this.select(null));
    picture.addEventListener('blur', () => this.select(null));
    picture.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') return this.select(null);
      const next = periodOfKey(event.key, this.selected, count);
      if (next === null || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      this.select(next);
    });
  }

  private select(index: number | null): void {
    if (index === this.selected) return;
    this.selected = index;
    this.mark.hidden = index === null;
    this.box.textContent = index === null ? '' : readPeriod(this.table, index);
    if (index === null) return;
    const width = 100 / this.table.rows.length;
    this.mark.style.left = `${width * index}%`;
    this.mark.style.width = `${width}%`;
    // The box stands on the other half, so that it does not cover the values.
    this.box.classList.toggle('tg-readout-left', index >= this.table.rows.length / 2);
  }
}

function tableOf(table: HTMLTableElement): ChartTable {
  const textsOf = (row: HTMLTableRowElement) => Array.from(row.cells, (cell) => cell.textContent.trim());
  const [head = []] = Array.from(table.tHead?.rows ?? [], textsOf);
  return { head, rows: Array.from(table.tBodies[0]?.rows ?? [], textsOf) };
}
