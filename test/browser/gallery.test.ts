import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { galleryEntries } from '#platform/gallery';
import { quickViews } from '../gallery/inspect-entry.ts';
import { changedFiles, firstStates, touchedEntries } from '../gallery/select-entries.ts';
import { walkGallery } from '../gallery/walk-gallery.ts';
import { openChromium, withoutChromium } from '../support/chromium.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

const root = resolve(import.meta.dirname, '../..');
/** Time for the further states of the pages that a change touches; the first state of a page is always inspected. */
const TOUCHED_MS_MAX = 15_000;

let app: TestApp;
let browser: Browser;
let origin: string;
before(async () => {
  if (withoutChromium !== false) return;
  app = await startApp();
  origin = await app.tollgate.listen();
  browser = await openChromium();
});
after(async () => {
  await browser?.close();
  await app?.close();
});

test(
  'every page, and every state of the pages that a change touches, is accessible and fits every width',
  { skip: withoutChromium },
  async (t) => {
    const all = galleryEntries(app.tollgate.rooms);
    const first = firstStates(all);
    const changed = changedFiles(process.env['CHANGED_SINCE'] ?? 'HEAD~1', root);
    const touched = touchedEntries(all, changed, root).filter((entry) => !first.includes(entry));
    const pages = await walkGallery(browser, origin, first, { viewsOf: quickViews });
    const states = await walkGallery(browser, origin, touched, { viewsOf: quickViews, ms_max: TOUCHED_MS_MAX });
    if (states.left_out_count > 0) t.diagnostic(`${states.left_out_count} states not inspected: the time was over`);
    const faults = [...pages.inspected, ...states.inspected].flatMap(({ entry, violations }) =>
      violations.map((violation) => `${entry.page_type.template}, ${entry.state}: ${violation}`),
    );
    assert.deepEqual(faults, []);
  },
);
