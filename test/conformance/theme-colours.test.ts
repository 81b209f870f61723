import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { brotliDecompressSync } from 'node:zlib';
import { makeThemes } from '#themes';
import { fileURLToPath } from 'node:url';
import { contrastOf, findContrastFaults } from '../support/contrast.ts';

const folder = fileURLToPath(new URL('../../themes/default', import.meta.url));
const css = readFileSync(`${folder}/public/static/css/site.css`, 'utf8');

test('every pair of colours has the contrast of WCAG 2.2 AA in light and dark', () => {
  assert.deepEqual(findContrastFaults(css), []);
});

test('a colour that is too pale and a token that is missing are faults', () => {
  const pale = css.replace('--tg-muted: light-dark(#566074', '--tg-muted: light-dark(#9aa3b2');
  const faults = findContrastFaults(pale);
  assert.ok(
    faults.length > 0 && faults.every(({ foreground, scheme }) => foreground === 'muted' && scheme === 'light'),
  );
  const gone = findContrastFaults(css.replace(/--tg-focus:[^;]*;/, ''));
  assert.deepEqual(
    gone.map(({ foreground, ratio }) => [foreground, ratio]),
    [...Array<unknown>(4)].map(() => ['focus', null]),
  );
  assert.equal(Math.round(contrastOf('#000000', '#ffffff')), 21);
});

test('the style sheets, the icons and the font of a first visit are below 120 kB', () => {
  const themes = makeThemes({ folder, live: false });
  const names = [
    'vendor/bootstrap.min.css',
    'css/site.css',
    'img/icons.svg',
    'img/icon.svg',
    'fonts/inter-latin.woff2',
  ];
  const sizes = names.map((name) => {
    const asset = themes.findAsset(`/static/${name}`);
    assert.ok(asset, name);
    return (asset.brotli ?? asset.bytes).length;
  });
  const sum = sizes.reduce((total, size) => total + size, 0);
  assert.ok(sum < 120_000, `${sum} bytes: ${names.map((name, index) => `${name} ${sizes[index]}`).join(', ')}`);
  const site = themes.findAsset('/static/css/site.css');
  assert.match(
    brotliDecompressSync(site?.brotli ?? '').toString(),
    /url\('\/static\/fonts\/inter-latin\.woff2\?v=[0-9a-f]{16}'\)/,
  );
});

test('every class of the kit that a template uses is in the style sheet', () => {
  const { lookup, templateNames } = makeThemes({ folder, live: false });
  const used = new Set<string>();
  for (const name of templateNames()) {
    const source = lookup(name)?.source ?? '';
    for (const [, value = ''] of source.matchAll(/class="([^"]*)"/g))
      for (const [word] of value.replace(/\{[{%].*?[%}]\}/g, ' ').matchAll(/(?<![\w-])tg-[\w-]+(?![\w-])/g))
        used.add(word);
  }
  // Without rules of their own: the plain `tg-alert`, and places of cells that take a whole row.
  for (const plain of ['tg-alert-info', 'tg-c-wide', 'tg-c-foot']) used.delete(plain);
  const missing = [...used].filter((word) => !word.endsWith('-') && !css.includes(`.${word}`));
  assert.deepEqual(missing, []);
});
