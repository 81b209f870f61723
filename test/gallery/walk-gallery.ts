import type { Browser } from 'playwright-core';
import type { GalleryEntry } from '#platform/gallery';
import { inspectEntry, type Inspected, type View } from './inspect-entry.ts';

/** Pages inspected at the same time. */
const CONTEXTS_COUNT = 2;

export interface Walk {
  inspected: readonly Inspected[];
  /** Entries that were not inspected because the time was over. */
  left_out_count: number;
}

/** Inspects the entries in their order, each in its views, two at a time, until the time is over. */
export async function walkGallery(
  browser: Browser,
  origin: string,
  entries: readonly GalleryEntry[],
  options: { viewsOf: (index: number) => readonly View[]; folder?: string | null; ms_max?: number },
): Promise<Walk> {
  const { viewsOf, folder = null, ms_max = Infinity } = options;
  const deadline = performance.now() + ms_max;
  const waiting = entries.entries();
  const inspected: Inspected[] = [];
  const work = async () => {
    const context = await browser.newContext({ baseURL: origin, reducedMotion: 'reduce' });
    const page = await context.newPage();
    for (const [index, entry] of waiting) {
      inspected.push(await inspectEntry(page, entry, { views: viewsOf(index), folder }));
      if (performance.now() > deadline) break;
    }
    await context.close();
  };
  await Promise.all(Array.from({ length: CONTEXTS_COUNT }, work));
  const order = new Map(entries.map(({ href }, index) => [href, index]));
  inspected.sort((a, b) => (order.get(a.entry.href) ?? 0) - (order.get(b.entry.href) ?? 0));
  return { inspected, left_out_count: entries.length - inspected.length };
}
