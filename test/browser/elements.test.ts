import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { after, before, test } from 'node:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { openChromium, withoutChromium } from '../support/chromium.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

/** Scripts of one page, compressed. */
const SCRIPT_BYTES_MAX = 60_000;

let app: TestApp;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let origin: string;
before(async () => {
  if (withoutChromium !== false) return;
  app = await startApp();
  origin = await app.tollgate.listen();
  browser = await openChromium();
  context = await browser.newContext({ baseURL: origin, permissions: ['clipboard-read', 'clipboard-write'] });
  page = await context.newPage();
});
after(async () => {
  await browser?.close();
  await app?.close();
});

const skip = withoutChromium;
const piece = (name: string, state = 'typical') => `/_dev/gallery/pieces-dev-${name}/${state}/`;

test('the scripts of a page are at most 60 kB compressed', { skip }, async () => {
  await page.goto(piece('code'));
  const sources = await page.evaluate<string[]>(`[...document.querySelectorAll('script[src]')].map(({ src }) => src)`);
  assert.ok(sources.some((source) => source.includes('/static/js/kit.js?v=')));
  let bytes = 0;
  for (const source of sources) bytes += gzipSync(await (await fetch(source)).text()).length;
  assert.ok(bytes <= SCRIPT_BYTES_MAX, `${bytes} bytes`);
});

test(
  'with scripts the copy button copies the whole code and says so; without scripts there is none',
  { skip },
  async () => {
    await page.goto(piece('code'));
    await page.getByRole('button', { name: 'Copy Example for Node' }).click();
    await page.getByText('Copied').first().waitFor({ state: 'attached' });
    const copied = await page.evaluate<string>('navigator.clipboard.readText()');
    assert.match(copied, /^import \{ jwtVerify \}[\s\S]*jwtVerify\(token, key\);$/);
    await page.getByRole('button', { name: 'Copy ch_XAb124EF' }).click();
    assert.equal(await page.evaluate<string>('navigator.clipboard.readText()'), 'ch_XAb124EF');

    const bare = await browser.newContext({ baseURL: origin, javaScriptEnabled: false });
    const still = await bare.newPage();
    await still.goto(piece('code'));
    assert.equal(await still.getByRole('button', { name: /^Copy/ }).count(), 0);
    assert.equal(await still.getByText('ch_XAb124EF').first().isVisible(), true);
    await bare.close();
  },
);

test('the values of a chart are read below the pointer and with arrow keys', { skip }, async () => {
  await page.goto(piece('chart'));
  const picture = page.locator('.tg-plot-picture').first();
  const readout = page.locator('.tg-readout').first();
  const box = await picture.boundingBox();
  assert.ok(box);
  await page.mouse.move(box.x + (box.width * 11.5) / 13, box.y + 20);
  assert.equal(await readout.textContent(), 'Oct 2026: Payments $7,249.08, Refunds −$20.00, Net $7,229.08');
  await page.mouse.move(0, 0);
  assert.equal(await readout.textContent(), '');
  await picture.focus();
  await page.keyboard.press('ArrowLeft');
  assert.match((await readout.textContent()) ?? '', /^Nov 2026, so far: /);
  await page.keyboard.press('ArrowLeft');
  assert.match((await readout.textContent()) ?? '', /^Oct 2026: /);
  await page.keyboard.press('Escape');
  assert.equal(await readout.textContent(), '');
});

test(
  'a toast disappears after 8 seconds, but not under the pointer, with the focus, or with an error',
  { skip },
  async () => {
    const clock = await context.newPage();
    await clock.clock.install({ time: 0 });
    await clock.goto(piece('facts'));
    // An installed clock goes on with real time: on a busy machine 8 s passed before the first assertion.
    await clock.clock.pauseAt(3_600_000);
    const show = async (role: string, more = '') => {
      await clock.evaluate(
        `document.body.insertAdjacentHTML('beforeend', '<div class="tg-toasts"><tg-toast class="tg-toast" role="${role}"${more === 'data-stays' ? ' data-stays' : ''}><p>Removed</p>${more === 'data-stays' ? '' : more}<button type="button" data-dismiss>Dismiss</button></tg-toast></div>')`,
      );
    };
    const toast = clock.locator('tg-toast');
    await show('status');
    await clock.clock.runFor(7_900);
    assert.equal(await toast.count(), 1);
    await clock.clock.runFor(200);
    assert.equal(await toast.count(), 0);

    await show('status');
    await toast.hover();
    await clock.clock.runFor(20_000);
    assert.equal(await toast.count(), 1, 'the pointer is on it');
    await toast.getByRole('button').focus();
    await clock.mouse.move(0, 0);
    await clock.clock.runFor(20_000);
    assert.equal(await toast.count(), 1, 'the focus is in it');
    await toast.getByRole('button').blur();
    await clock.clock.runFor(8_100);
    assert.equal(await toast.count(), 0);

    await show('alert');
    await clock.clock.runFor(60_000);
    assert.equal(await toast.count(), 1, 'errors stay');
    await toast.getByRole('button').click();
    assert.equal(await toast.count(), 0);

    await show('status', 'data-stays');
    await clock.clock.runFor(60_000);
    assert.equal(await toast.count(), 1, 'messages other than success stay');
    await toast.getByRole('button').click();
    await clock.mouse.move(0, 0);
    await show('status', '<form><button>Undo</button></form>');
    await clock.clock.runFor(59_900);
    assert.equal(await toast.count(), 1, 'undo is offered for 60 seconds');
    await clock.clock.runFor(200);
    assert.equal(await toast.count(), 0);
    await clock.close();
  },
);

test('elements change no height of the page when they start', { skip }, async () => {
  const heightsOf = async (javaScriptEnabled: boolean) => {
    const each = await browser.newContext({ baseURL: origin, javaScriptEnabled });
    const opened = await each.newPage();
    const heights: (number | undefined)[] = [];
    for (const name of ['chart', 'code', 'facts', 'stats', 'timeline']) {
      await opened.goto(piece(name));
      heights.push((await opened.locator('main').boundingBox())?.height);
    }
    await each.close();
    return heights;
  };
  assert.deepEqual(await heightsOf(true), await heightsOf(false));
});
