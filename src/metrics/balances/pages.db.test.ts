import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type browserClient, signInBrowser } from '../../../test/support/client.ts';
import { registerBrokerManager } from '../../../test/support/register-managers.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

let app: TestApp;
let browser: ReturnType<typeof browserClient>;
const page = '/metrics/balances/taxes/';
before(async () => {
  app = await startApp();
  const call = await registerBrokerManager(app, 'bookkeeper');
  for (const [title, rank] of [
    ['Sales', 1],
    ['Refunds', 4],
    ['Fees', 9],
  ] as const) {
    const line = { title, selector: 'Receivable', rank };
    assert.equal((await call('POST', '/api/metrics/balances/taxes/lines', line)).status, 201);
  }
  browser = await signInBrowser(app, 'bookkeeper');
});
after(() => app.close());

const titlesOf = (html: string) => [...html.matchAll(/<th scope="row" dir="auto">([^<]*)/g)].map(([, title]) => title);

/** Returns the fields of the form whose button has this name, as a browser without scripts sends them. */
function fieldsOf(html: string, button: string): Record<string, string> | null {
  const forms = [...html.matchAll(/<form\b[^>]*>.*?<\/form>/gs)].map(([form]) => form);
  const form = forms.find(
    (each) =>
      each
        .replaceAll(/<[^>]+>/g, '')
        .replaceAll(/\s+/g, ' ')
        .trim() === button,
  );
  if (form === undefined) return null;
  const hidden = [...form.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)];
  return Object.fromEntries(hidden.map(([, name = '', value = '']) => [name, value]));
}

/** Presses a button of the page and returns the lines of the next page. */
async function press(button: string) {
  const fields = fieldsOf((await browser.get(page)).text, button);
  assert.ok(fields, button);
  const moved = await browser.post(page, fields);
  assert.equal(moved.status, 303, moved.text);
  return titlesOf((await browser.get(page)).text);
}

test('without scripts, a line moves down and up by its buttons, past one line each time', async () => {
  assert.deepEqual(titlesOf((await browser.get(page)).text), ['Sales', 'Refunds', 'Fees']);
  assert.deepEqual(await press('Move down Sales'), ['Refunds', 'Sales', 'Fees']);
  assert.deepEqual(await press('Move down Sales'), ['Refunds', 'Fees', 'Sales']);
  assert.deepEqual(await press('Move up Fees'), ['Fees', 'Refunds', 'Sales']);
});

test('the first line has no button that moves it up, and the last none that moves it down', async () => {
  const { text } = await browser.get(page);
  const [first, , last] = titlesOf(text);
  assert.equal(fieldsOf(text, `Move up ${first}`), null);
  assert.equal(fieldsOf(text, `Move down ${last}`), null);
  assert.ok(fieldsOf(text, `Move down ${first}`));
});

test('the chart compares the first line with the 12 months before, and the table shows the last 12 months', async () => {
  const { text } = await browser.get(page);
  const [first] = titlesOf(text);
  assert.match(text, new RegExp(`${first}, 12 months before`));
  const table = text.slice(text.indexOf('</figure>'));
  assert.equal(table.match(/<th scope="col" class="tg-num tg-nowrap">/g)?.length, 13);
});

test('the buttons are reached by the keyboard: each is a submit button with the name of its line', async () => {
  const { text } = await browser.get(page);
  const buttons = [...text.matchAll(/<button\b([^>]*)>Move (?:up|down)<span class="visually-hidden"> ([^<]*)/g)];
  assert.equal(buttons.length, 4);
  for (const [, attributes = '', title] of buttons) {
    assert.match(attributes, /type="submit"/);
    assert.doesNotMatch(attributes, /tabindex="-1"|disabled/);
    assert.ok(titlesOf(text).includes(title));
  }
});
