import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { App } from '#platform/http/app';
import type { Room } from '#platform/room';
import type { TemplateLookup } from '#platform/templates/templates';
import { type Asset, makeAsset } from './asset.ts';
import { assetRoutes } from './routes.ts';
import { readThemeFolder, type Theme } from './theme-folder.ts';

/** The room of the theme: lookup of templates, and public files with their routes. */
export interface Themes extends Room {
  routes(http: App): void;
  lookup: TemplateLookup;
  /** Names of all templates, sorted. */
  templateNames(): string[];
  /** Finds a public file by its path on the site. */
  findAsset(path: string): Asset | undefined;
  /** Address of a public file, with its version: `css/site.css` → `/static/css/site.css?v=…`. */
  assetUrl(name: string): string;
}

export interface ThemesOptions {
  /** Folder of the default theme. */
  folder: string;
  /** Reads the folder again on a lookup, at most three times per second; for authors of themes. */
  live: boolean;
}

const LIVE_MS = 333;

/** Reads the theme of the site. */
export function makeThemes({ folder, live }: ThemesOptions): Themes {
  const vendored = readVendoredAssets();
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
    name: 'themes',
    routes: (http) => assetRoutes(http, findAsset),
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

/** Returns the style sheets of installed packages, which need no build step. */
function readVendoredAssets(): ReadonlyMap<string, Asset> {
  const bootstrap = readFileSync(fileURLToPath(import.meta.resolve('bootstrap/dist/css/bootstrap.min.css')), 'utf8');
  const path = '/static/vendor/bootstrap.min.css';
  const withoutMap = bootstrap.replace(/\/\*# sourceMappingURL=.*?\*\/\s*$/, '');
  return new Map([[path, makeAsset(path, Buffer.from(withoutMap))]]);
}
