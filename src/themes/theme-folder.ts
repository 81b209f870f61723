import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, sep } from 'node:path';
import type { TemplateSource } from '#platform/templates/templates';
import { type Asset, makeAsset } from './asset.ts';

/** Templates by name and public files by path on the site. */
export interface Theme {
  templates: ReadonlyMap<string, TemplateSource>;
  assets: ReadonlyMap<string, Asset>;
}

/** Reads `templates/**` and `public/**` of a folder. Skips links, empty files, hidden files and backup files (`~`). */
export function readThemeFolder(folder: string): Theme {
  const templates = new Map<string, TemplateSource>();
  for (const { name, bytes } of readFiles(join(folder, 'templates'))) {
    const source = bytes.toString('utf8');
    templates.set(name, { source, version: createHash('sha256').update(bytes).digest('hex').slice(0, 16) });
  }
  return { templates, assets: readAssets(join(folder, 'public')) };
}

/** Reads the public files; style sheets last, because their addresses of other files get the version of these files. */
function readAssets(root: string): ReadonlyMap<string, Asset> {
  const assets = new Map<string, Asset>();
  const sheets: [string, Buffer][] = [];
  for (const { name, bytes } of readFiles(root)) {
    if (name.endsWith('.css')) sheets.push([`/${name}`, bytes]);
    else assets.set(`/${name}`, makeAsset(`/${name}`, bytes));
  }
  for (const [path, bytes] of sheets) {
    const text = bytes.toString('utf8').replace(relative_url, (whole: string, quote: string, target: string) => {
      const file = posix.join(posix.dirname(path), target);
      const asset = assets.get(file);
      return asset === undefined ? whole : `url(${quote}${file}?v=${asset.version}${quote})`;
    });
    assets.set(path, makeAsset(path, Buffer.from(text)));
  }
  return assets;
}

/** `url(…)` of a style sheet with a relative path, without query and fragment. */
const relative_url = /url\((['"]?)((?:\.{1,2}\/)*[\w-][\w./-]*)\1\)/g;

function* readFiles(root: string): Generator<{ name: string; bytes: Buffer }> {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (!entry.isFile() || entry.name.startsWith('.') || entry.name.endsWith('~')) continue;
    const file = join(entry.parentPath, entry.name);
    const bytes = readFileSync(file);
    if (bytes.length > 0) yield { name: file.slice(root.length + 1).split(sep).join('/'), bytes };
  }
}
