import { makePage, type PageResponse } from './document.ts';
import { html, type Markup } from './html.ts';

/** A table of the console; a cell is text or a text with an address of the console. */
export interface ConsoleTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly ConsoleCell[])[];
  /** Text when there is no row. */
  readonly empty: string;
}
export type ConsoleCell = string | { readonly text: string; readonly href: string };

/** A button of the console: posts to the control interface and comes back. */
export interface ConsoleAction {
  readonly label: string;
  readonly action: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** Returns the page that shows the state of the emulator. It works without scripts. */
export function renderConsole(view: {
  title: string;
  facts: readonly (readonly [name: string, value: string])[];
  actions: readonly ConsoleAction[];
  tables: readonly ConsoleTable[];
  /** An object as JSON. */
  detail?: string;
}): PageResponse {
  return makePage({
    title: view.title,
    class: 'wide',
    body: html`<header>
        <p><a href="/_emulator">Stripe emulator</a></p>
      </header>
      <main>
        <h1>${view.title}</h1>
        <dl>
          ${view.facts.map(
            ([name, value]) =>
              html`<dt>${name}</dt>
                <dd>${value}</dd>`,
          )}
        </dl>
        ${view.actions.map(renderAction)} ${view.tables.map(renderTable)}
        ${
          view.detail !== undefined &&
          html`<h2>Object</h2>
            <pre class="scroll" tabindex="0" role="region" aria-label="Object">${view.detail}</pre>`
        }
      </main>`,
  });
}

function renderAction({ label, action, fields }: ConsoleAction): Markup {
  return html`<form method="post" action="${action}">
    ${Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
    <button class="second">${label}</button>
  </form>`;
}

function renderTable({ title, columns, rows, empty }: ConsoleTable): Markup {
  const table = html`<div class="scroll" tabindex="0" role="region" aria-label="${title}">
    <table>
      <thead>
        <tr>
          ${columns.map((name) => html`<th scope="col">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (cells) =>
            html`<tr>
              ${cells.map((cell) => html`<td>${renderCell(cell)}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
  return html`<h2>${title}</h2>
    ${rows.length === 0 ? html`<p>${empty}</p>` : table}`;
}

function renderCell(cell: ConsoleCell): Markup {
  return typeof cell === 'string' ? html`${cell}` : html`<a href="${cell.href}">${cell.text}</a>`;
}
