// Pictures and checks of every page in every state of its samples:
//   npm run gallery -- [--page TEXT] [--changed [BASE]] [--first-state]
// Writes gallery/index.html and ends with 1 when a page has a violation.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { galleryEntries, type GalleryEntry } from '#platform/gallery';
import { openChromium } from '../support/chromium.ts';
import { startApp } from '../support/start-app.ts';
import { all_views, type Inspected } from './inspect-entry.ts';
import { changedFiles, firstStates, touchedEntries } from './select-entries.ts';
import { walkGallery } from './walk-gallery.ts';
import { galleryIndex } from './gallery-index.ts';

const root = resolve(import.meta.dirname, '../..');
const folder = join(root, 'gallery');

const { values: options } = parseArgs({
  options: {
    page: { type: 'string', default: '' },
    changed: { type: 'boolean', default: false },
    base: { type: 'string', default: 'main' },
    'first-state': { type: 'boolean', default: false },
  },
});

function select(all: readonly GalleryEntry[]): readonly GalleryEntry[] {
  const named = all.filter(({ name, page_type }) => `${name} ${page_type.template}`.includes(options.page));
  const touched = options.changed ? touchedEntries(named, changedFiles(options.base, root), root) : named;
  return options['first-state'] ? firstStates(touched) : touched;
}

function printReport(inspected: readonly Inspected[]): void {
  for (const { entry, violations } of inspected) {
    if (violations.length === 0) continue;
    console.log(`\n${entry.page_type.template}, ${entry.state}`);
    for (const violation of violations) console.log(`  ${violation}`);
  }
}

const started = performance.now();
const app = await startApp();
const origin = await app.tollgate.listen();
const browser = await openChromium();
try {
  const entries = select(galleryEntries(app.tollgate.rooms));
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const { inspected } = await walkGallery(browser, origin, entries, { viewsOf: () => all_views, folder });
  await writeFile(join(folder, 'index.html'), galleryIndex(inspected));
  printReport(inspected);
  const faulty_count = inspected.filter(({ violations }) => violations.length > 0).length;
  const seconds = Math.round((performance.now() - started) / 1000);
  console.log(
    `\n${inspected.length} states, ${faulty_count} with violations, ${seconds} s; pictures in gallery/index.html`,
  );
  if (faulty_count > 0) process.exitCode = 1;
} finally {
  await browser.close();
  await app.close();
}
