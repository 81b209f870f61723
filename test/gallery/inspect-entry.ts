import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import type { GalleryEntry } from '#platform/gallery';

export type Mode = 'light' | 'dark';

/** A size and colour mode in which a page is inspected. */
export interface View {
  width: number;
  mode: Mode;
}

/** All views of the gallery; axe runs in each. */
export const all_views: readonly View[] = [1280, 390].flatMap((width) => [
  { width, mode: 'light' },
  { width, mode: 'dark' },
]);

/** One view for an entry of a quick run; four entries in a row have each view once. */
export function quickViews(index: number): readonly View[] {
  return all_views.filter((_, place) => place === index % all_views.length);
}

/** Narrowest width at which a page must not scroll sideways. */
const WIDTH_MIN = 320;

const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

export interface Inspected {
  entry: GalleryEntry;
  violations: readonly string[];
  /** Names of the screenshots, by view. */
  pictures: readonly { view: View; file: string }[];
}

/**
 * Opens a page of the gallery and inspects it in each view: axe on the page with all details open, no sideways scroll
 * at this width and at 320 px, no error in the console. With `folder` it takes screenshots of the page as it opens.
 */
export async function inspectEntry(
  page: Page,
  entry: GalleryEntry,
  { views, folder = null }: { views: readonly View[]; folder?: string | null },
): Promise<Inspected> {
  const violations: string[] = [];
  const onError = (text: string) => void violations.push(`console: ${text}`);
  page.on('console', (message) => {
    // A sample links pictures and addresses that the demo does not have.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) onError(message.text());
  });
  page.on('pageerror', ({ message }) => onError(message));
  const pictures: { view: View; file: string }[] = [];
  try {
    const [first] = views;
    if (first) await page.setViewportSize({ width: first.width, height: 900 });
    const response = await page.goto(entry.href);
    if (response?.status() !== 200) return { entry, violations: [`status ${response?.status()}`], pictures };
    await page.evaluate('document.fonts.ready');
    for (const view of views) {
      await showView(page, view);
      if (folder !== null) pictures.push({ view, file: await takePicture(page, entry, view, folder) });
      await setDetails(page, true);
      const faults = [...(await runAxe(page)), ...(await findOverflow(page)), ...(await findCutTexts(page))];
      violations.push(...faults.map((fault) => `${view.width} px ${view.mode}: ${fault}`));
      await setDetails(page, false);
    }
    await setDetails(page, true);
    await page.setViewportSize({ width: WIDTH_MIN, height: 900 });
    violations.push(...(await findOverflow(page)).map((fault) => `${WIDTH_MIN} px: ${fault}`));
  } finally {
    page.removeAllListeners('console');
    page.removeAllListeners('pageerror');
  }
  return { entry, violations, pictures };
}

async function showView(page: Page, { width, mode }: View): Promise<void> {
  await page.setViewportSize({ width, height: 900 });
  await page.evaluate(`document.documentElement.dataset.bsTheme = ${JSON.stringify(mode)}`);
}

async function takePicture(page: Page, { name, state }: GalleryEntry, { width, mode }: View, folder: string) {
  const file = `${name}-${state}-${width}-${mode}.png`;
  await page.screenshot({ path: join(folder, file), fullPage: true });
  return file;
}

/** Opens what the page opened closed, or closes it again. */
async function setDetails(page: Page, is_open: boolean): Promise<void> {
  await page.evaluate(
    is_open
      ? `document.querySelectorAll('details:not([open])').forEach((each) => { each.open = true; each.dataset.opened = ''; })`
      : `document.querySelectorAll('details[data-opened]').forEach((each) => { each.open = false; delete each.dataset.opened; })`,
  );
}

async function runAxe(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page })
    .options({ resultTypes: ['violations'] })
    .withTags(tags)
    .setLegacyMode() // pages have no frames; otherwise each run opens a second page
    .analyze();
  return violations.map(({ id, nodes }) => {
    const places = nodes.slice(0, 3).map(({ html, any }) => `${html.slice(0, 160)} ${any[0]?.message ?? ''}`.trim());
    return `${id} (${nodes.length}): ${places.join(' | ')}`;
  });
}

const overflow_script = `(() => {
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return [];
  const wide = [...document.body.querySelectorAll('*')].filter((each) => each.getBoundingClientRect().right > clientWidth + 1);
  const inner = wide.filter((each) => ![...each.children].some((child) => wide.includes(child))).slice(0, 3);
  return [\`scrolls sideways by \${scrollWidth - clientWidth} px: \${inner.map((each) => each.outerHTML.slice(0, 120)).join(' | ')}\`];
})()`;

/**
 * Texts that leave their box, placeholders that are longer than their field, tables that scroll sideways on a desk;
 * a table that may scroll can be focused.
 */
const cut_texts_script = `(() => {
  const show = (each) => each.outerHTML.slice(0, 120);
  const isClipped = (each) => each.closest('.visually-hidden, .visually-hidden-focusable, svg, textarea, select, pre') !== null;
  const blockOf = (each) => (/^(inline|contents)$/.test(getComputedStyle(each).display) ? blockOf(each.parentElement) : each);
  const leaves = [...document.body.querySelectorAll('*')].filter((each) => {
    const texts = [...each.childNodes].filter((node) => node.nodeType === 3 && node.data.trim() !== '');
    if (texts.length === 0 || isClipped(each) || !each.checkVisibility({ visibilityProperty: true })) return false;
    const block = blockOf(each);
    const box = block.getBoundingClientRect();
    // For screen readers only, or shortened on purpose.
    if (box.width < 2 || getComputedStyle(block).textOverflow === 'ellipsis') return false;
    return texts.some((node) => {
      const range = document.createRange();
      range.selectNode(node);
      const text = range.getBoundingClientRect();
      return text.width > 0 && (text.right > box.right + 2 || text.left < box.left - 2);
    });
  });
  const pen = document.createElement('canvas').getContext('2d');
  const fields = [...document.querySelectorAll('input[placeholder]')].filter((each) => {
    if (!each.checkVisibility()) return false;
    const style = getComputedStyle(each);
    pen.font = style.font;
    const room = each.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    return pen.measureText(each.placeholder).width > room;
  });
  const tables = innerWidth < 1280 ? [] : [...document.querySelectorAll('.tg-table-wrap:not([tabindex])')].filter((each) => each.scrollWidth > each.clientWidth + 1);
  return [
    ...leaves.slice(0, 3).map((each) => 'text leaves its box: ' + show(each)),
    ...fields.map((each) => 'placeholder is cut: ' + each.placeholder),
    ...tables.map((each) => 'table scrolls sideways by ' + (each.scrollWidth - each.clientWidth) + ' px: ' + show(each)),
  ];
})()`;

async function findCutTexts(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(cut_texts_script);
}

async function findOverflow(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(overflow_script);
}
