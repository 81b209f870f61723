import { readFileSync } from 'node:fs';
import { html, type Markup } from './html.ts';

/** A response that is no JSON: a page, a script or a redirect. */
export interface PageResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const ASSETS: ReadonlyMap<string, string> = new Map([
  ['/v1/js/stripe.js', 'stripe.js'],
  ['/elements/frame.js', 'frame.js'],
  ['/elements/challenge.js', 'challenge.js'],
  ['/elements/page.css', 'page.css'],
]);
/** Pages of this machine only may show the emulator in a frame, unless it was started for others. */
const LOOPBACK = 'http://localhost:* http://127.0.0.1:* https://localhost:* https://127.0.0.1:*';

const loaded = new Map<string, string>();

/** Returns a script or style sheet of the emulator. @param is_public the emulator was started for other machines */
export function findAsset(path: string, is_public: boolean): PageResponse | undefined {
  const name = ASSETS.get(path);
  if (name === undefined) return undefined;
  const text = loaded.get(name) ?? readFileSync(new URL(`assets/${name}`, import.meta.url), 'utf8');
  loaded.set(name, text);
  const body = is_public ? text.replace('const IS_PUBLIC = false;', 'const IS_PUBLIC = true;') : text;
  const type = name.endsWith('.css') ? 'text/css' : 'text/javascript';
  const headers = { 'Content-Type': `${type}; charset=utf-8`, 'Cache-Control': 'no-store' };
  return { status: 200, headers, body };
}

/** Returns a page of the emulator: it runs scripts of the emulator's origin only, and none that are inside the page. */
export function makePage(page: {
  title: string;
  body: Markup;
  status?: number;
  class?: 'frame' | 'wide';
  /** Script of the page, and the origin that its messages go to. */
  script?: string;
  origin?: string;
  /** Who may show the page in a frame: pages of this machine, every page, or none. */
  framed_by?: 'loopback' | 'any';
}): PageResponse {
  const ancestors = page.framed_by === undefined ? "'none'" : page.framed_by === 'any' ? '*' : LOOPBACK;
  const script = page.script === undefined ? '' : html`<script src="${page.script}" defer></script>`;
  const origin = page.origin === undefined ? '' : html` data-origin="${page.origin}"`;
  const markup = html`<!doctype html>
    <html lang="en" ${origin}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${page.title}</title>
        <link rel="stylesheet" href="/elements/page.css" />
        ${script}
      </head>
      <body class="${page.class ?? ''}">
        ${page.body}
      </body>
    </html>`;
  return {
    status: page.status ?? 200,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Cache-Control': 'no-store',
      'Content-Security-Policy':
        `default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; ` +
        `base-uri 'none'; frame-ancestors ${ancestors}`,
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'same-origin',
    },
    body: markup.text,
  };
}

/** Returns a redirect after a form, to another page of the emulator or back to the site. */
export function redirectTo(location: string): PageResponse {
  return { status: 303, headers: { Location: location, 'Cache-Control': 'no-store' }, body: '' };
}

/** Returns a page that says what is wrong and offers no form. */
export function makeErrorPage(status: number, title: string, text: string): PageResponse {
  return makePage({
    title,
    status,
    body: html`<main>
      <h1>${title}</h1>
      <p>${text}</p>
    </main>`,
  });
}
