import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeTemplates } from '#platform/templates/templates';
import { makeThemes } from '#themes';
import { startApp, type TestApp } from '../support/start-app.ts';
import { anonymousSample, commonSample, sampleMails } from '../support/theme-samples.ts';

type Data = Record<string, unknown>;

const folder = fileURLToPath(new URL('../../themes/default', import.meta.url));
const themes = makeThemes({ folder, live: false });
const templates = makeTemplates({
  lookup: themes.lookup,
  assetUrl: themes.assetUrl,
  clock: { now: () => new Date('2026-03-05T10:00:00Z') },
});

let app: TestApp;
before(async () => {
  app = await startApp();
});
after(() => app.close());

const pageTypes = () => app.tollgate.rooms.flatMap(({ page_types = [] }) => page_types);

/** Renders each page in each of its states, for a signed-in user and for a visitor; the first text names the state. */
function* pages(change: (data: Data) => Data = (data) => data): Generator<[string, string]> {
  for (const { template, samples } of pageTypes()) {
    for (const [state, sample] of Object.entries(samples)) {
      for (const [reader, common] of Object.entries({ user: commonSample, visitor: anonymousSample })) {
        yield [`${template} ${state} ${reader}`, templates.renderPage(template, change({ ...common, ...sample }))];
      }
    }
  }
}

const MARK = `zz"'<zz>`;

/** Returns the data with markup appended to every text. */
function poison(value: unknown): unknown {
  if (typeof value === 'string') return `${value}${MARK}`;
  if (Array.isArray(value)) return value.map(poison);
  if (typeof value === 'object' && value !== null) return poisonRecord({ ...value });
  return value;
}

function poisonRecord(data: Data): Data {
  // The name of a template is no text of a user.
  const poisoned = Object.entries(data).map(([key, value]) => [key, key === 'frame_layout' ? value : poison(value)]);
  return Object.fromEntries(poisoned) as Data;
}

test('every template of the default theme can be parsed', () => {
  const { lookup } = themes;
  for (const name of themes.templateNames()) {
    assert.equal(templates.refuseSource(name, lookup(name)?.source ?? ''), null, name);
  }
});

test('every page and message has sample data', () => {
  const whole = themes.templateNames().filter((name) => !/(^|\/)(_|base)|\.md$|forward_error_manager_help/.test(name));
  const sampled = new Set([...pageTypes().map(({ template }) => template), ...Object.keys(sampleMails)]);
  assert.deepEqual(
    whole.filter((name) => !sampled.has(name)),
    [],
  );
});

test('every page is one document with one heading, without inline scripts or styles', () => {
  for (const [state, html] of pages()) {
    assert.match(html, /^<!doctype html>/, state);
    assert.equal(html.match(/<h1[\s>]/g)?.length, 1, `${state}: headings`);
    assert.equal(html.match(/<main[\s>]/g)?.length, 1, `${state}: main`);
    assert.match(html, /<title>[^<]*\S[^<]*<\/title>/, `${state}: title`);
    const own = html.replace(/<script type="module" src="\/static\/js\/[-a-z]+\.js[^"]*"><\/script>/g, '');
    assert.doesNotMatch(own, /<script|<style|\sstyle=|\son\w+=|javascript:/i, `${state}: content security policy`);
    assert.doesNotMatch(html, /\[object|undefined|\{\{|\{%/, `${state}: leftovers`);
  }
});

test('every form can be posted, and every field has its label', () => {
  for (const [state, html] of pages()) {
    for (const form of html.match(/<form[\s\S]*?<\/form>/g) ?? []) {
      // Forms without a method only read: searches and filters.
      if (/^<form[^>]*\smethod="post"/.test(form))
        assert.match(form, /name="_csrf" value="token"/, `${state}: ${form.slice(0, 80)}`);
      else assert.doesNotMatch(form, /name="_csrf"|type="password"/, `${state}: ${form.slice(0, 80)}`);
    }
    const ids = [...html.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
    assert.equal(new Set(ids).size, ids.length, `${state}: an id stands twice in ${ids.join(' ')}`);
    for (const [, target] of html.matchAll(/\sfor="([^"]*)"/g)) {
      assert.ok(ids.includes(target), `${state}: label of ${target}`);
    }
    for (const [, described] of html.matchAll(/aria-(?:describedby|labelledby)="([^"]*)"/g)) {
      for (const id of (described ?? '').trim().split(/\s+/)) assert.ok(ids.includes(id), `${state}: ${id}`);
    }
    for (const table of html.match(/<table[\s\S]*?<\/table>/g) ?? []) assert.match(table, /<caption/, state);
  }
});

test('an error summary links to the invalid fields, which show the error', () => {
  const html = templates.renderPage('login/personal.html', {
    ...commonSample,
    form: { email: 'xia@', new_password: 'secret' },
    errors: { email: ['Enter an e-mail address.'], 'terms-of-use': ['Tick the box.'] },
  });
  assert.match(html, /role="alert"[\s\S]*href="#id_email">E-mail address: Enter an e-mail address\.</);
  assert.match(
    html,
    /id="id_email" name="email" value="xia@"[^>]*aria-invalid="true" aria-describedby="id_email-error"/,
  );
  assert.match(html, /id="id_terms-of-use-error">Tick the box\.</);
  assert.ok(!html.includes('secret'), 'a password is never shown again');
});

test('markup in any text of any page is escaped', () => {
  for (const [state, html] of pages(poisonRecord)) {
    assert.ok(!html.includes('<zz'), `${state}: ${html.slice(html.indexOf('<zz') - 200, html.indexOf('<zz') + 20)}`);
    const isMarkdown = state.includes('legal/agreement') || state.includes('legal/sign');
    if (!isMarkdown)
      assert.ok(!html.includes(`zz"`), `${state}: ${html.slice(html.indexOf('zz"') - 200, html.indexOf('zz"'))}`);
  }
});

test('markup in any text of any message is escaped', () => {
  for (const [name, states] of Object.entries(sampleMails)) {
    for (const state of states) {
      const { html } = templates.renderMail(name, poisonRecord(state));
      assert.ok(!html.includes('<zz') && !html.includes('zz"'), name);
    }
  }
});

/** Messages without a link to a page: they are answered by e-mail. */
const nowhere = new Set([
  'notification/user_contact.eml',
  'notification/user_credentials_changed.eml',
  'notification/user_email_changed.eml',
  'notification/user_password_changed.eml',
]);

test('every message has a subject, a text, and its link in both parts', () => {
  for (const [name, states] of Object.entries(sampleMails)) {
    for (const state of states) {
      const mail = templates.renderMail(name, state);
      assert.match(mail.subject, /^\S.*\S$/, name);
      assert.ok(mail.text.length > 40 && !/<\w|&\w+;|\[object|undefined/.test(mail.text), `${name}: ${mail.text}`);
      const back_url = state['back_url'];
      if (typeof back_url !== 'string' || nowhere.has(name)) continue;
      assert.ok(mail.text.includes(back_url), `${name}: ${mail.text}`);
      assert.ok(mail.html.includes(`href="${back_url.replaceAll('&', '&amp;')}"`), name);
    }
  }
});

test('the legal texts are Markdown with the name of the site, and no heading of the first level', () => {
  for (const name of ['terms-of-use', 'privacy']) {
    const text = templates.renderPage(`saas/agreements/${name}.md`, commonSample);
    assert.ok(text.includes('https://cowork.example.com/contact/'), name);
    const html = templates.renderPage('saas/legal/agreement.html', {
      ...commonSample,
      agreement: { slug: name, title: 'A title' },
      page: text,
    });
    assert.equal(html.match(/<h1/g)?.length, 1);
    assert.ok((html.match(/<h2/g)?.length ?? 0) >= 4);
  }
});
