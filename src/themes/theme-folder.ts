import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
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
  const assets = new Map<string, Asset>();
  for (const { name, bytes } of readFiles(join(folder, 'public'))) assets.set(`/${name}`, makeAsset(`/${name}`, bytes));
  return { templates, assets };
}

function* readFiles(root: string): Generator<{ name: string; bytes: Buffer }> {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (!entry.isFile() || entry.name.startsWith('.') || entry.name.endsWith('~')) continue;
    const file = join(entry.parentPath, entry.name);
    const bytes = readFileSync(file);
    if (bytes.length > 0) yield { name: file.slice(root.length + 1).split(sep).join('/'), bytes };
  }
}
