import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { TemplateLookup } from '#platform/templates/templates';
import { type Asset, makeAsset } from './asset.ts';
import { readThemeFolder, type Theme } from './theme-folder.ts';

export interface Themes {
  lookup: TemplateLookup;
  /** Names of all templates, sorted. */
  templateNames(): string[];
  /** Finds a public file by its path on the site. */
  findAsset(path: string): Asset | undefined;
  /** Address of a public file, with its version: `css/site.css` → `/static/css/site.css?v=…`. */
  assetUrl(name: string): string;
}

export interface ThemesOptions {
  /** Folder of the theme that answers when nothing overrides it. */
  folder: string;
  /** Reads the folder again when a file is asked for, at most three times a second: for people who write themes. */
  live: boolean;
}

const LIVE_MS = 333;

/** Opens the theme of the site. */
export function openThemes({ folder, live }: ThemesOptions): Themes {
  const vendored = vendoredAssets();
  let theme = readThemeFolder(folder);
  let read_ms = performance.now();
  const current = (): Theme => {
    if (live && performance.now() - read_ms > LIVE_MS) {
      theme = readThemeFolder(folder);
      read_ms = performance.now();
    }
    return theme;
  };
  const findAsset = (path: string) => current().assets.get(path) ?? vendored.get(path);
  return {
    lookup: (name) => current().templates.get(name),
    templateNames: () => [...current().templates.keys()].toSorted(),
    findAsset,
    assetUrl: (name) => {
      const path = name.startsWith('/') ? name : `/static/${name}`;
      const asset = findAsset(path);
      return asset === undefined ? path : `${path}?v=${asset.version}`;
    },
  };
}

/** Style sheets of installed packages, served as they are: no build step stands between `npm ci` and a page. */
function vendoredAssets(): ReadonlyMap<string, Asset> {
  const bootstrap = readFileSync(fileURLToPath(import.meta.resolve('bootstrap/dist/css/bootstrap.min.css')), 'utf8');
  const path = '/static/vendor/bootstrap.min.css';
  const withoutMap = bootstrap.replace(/\/\*# sourceMappingURL=.*?\*\/\s*$/, '');
  return new Map([[path, makeAsset(path, Buffer.from(withoutMap))]]);
}
