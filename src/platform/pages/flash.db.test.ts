import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

let app: TestApp;
before(async () => {
  app = await startApp();
});
after(() => app.close());

/** Opens a page with a flash cookie; returns the messages as HTML. */
async function show(messages: unknown): Promise<string> {
  const flash = Buffer.from(JSON.stringify(messages)).toString('base64url');
  const reply = await app.http.inject({
    url: '/pricing/',
    headers: { accept: 'text/html', cookie: `${app.http.cookieNames.flash}=${flash}` },
  });
  assert.equal(reply.statusCode, 200);
  return /<main[\s\S]*?<h1/.exec(reply.body)?.[0] ?? '';
}

test('a message with undo has a form that posts its fields with the CSRF token', async () => {
  const undo = { action: '/profile/acme/roles/', label: 'Give the role back', fields: { user: 'xia', 'a"b': '<x>' } };
  const html = await show([{ level: 'success', text: 'Xia <b>Lee</b> was removed.', undo }]);
  assert.match(html, /role="status"/);
  assert.match(html, /Xia &lt;b&gt;Lee&lt;\/b&gt; was removed\./);
  assert.match(
    html,
    /<form method="post" action="\/profile\/acme\/roles\/"><input type="hidden" name="_csrf" value="[^"]+">/,
  );
  assert.match(
    html,
    /<input type="hidden" name="user" value="xia"><input type="hidden" name="a&#34;b" value="&lt;x&gt;">/,
  );
  assert.match(html, /<button [^>]*type="submit">Give the role back<\/button>/);
});

test('an error is an alert', async () => {
  assert.match(await show([{ level: 'error', text: 'Declined.' }]), /tg-alert-danger tg-flash" role="alert"/);
  assert.match(await show([{ level: 'info', text: 'Kept.' }]), /tg-flash" role="status" data-stays>/);
  const both = await show([
    { level: 'success', text: 'Saved.' },
    { level: 'warning', text: 'Late.' },
  ]);
  assert.match(
    both,
    /Late\.[^]*<div class="tg-passing"><tg-toast[^>]* role="status">[^]*Saved\./,
    'only a success passes',
  );
});

test('a cookie with another origin, another level or other types shows no message', async () => {
  const message = { level: 'success', text: 'FORGED' };
  for (const forged of [
    [{ ...message, undo: { action: 'https://example.com/', label: 'Undo' } }],
    [{ ...message, undo: { action: '//example.com/', label: 'Undo' } }],
    [{ ...message, undo: { action: '/a/', label: 'Undo', fields: { a: 1 } } }],
    [{ ...message, undo: 'x' }],
    [{ ...message, level: 'success" onclick="' }],
    { 0: message },
  ])
    assert.doesNotMatch(await show(forged), /FORGED|example\.com/);
});

test('the cookie of many long messages stays within the limit of browsers, and keeps the newest', async () => {
  const { default: fastify } = await import('fastify');
  const { default: cookie } = await import('@fastify/cookie');
  const { storeFlash } = await import('./flash.ts');
  const server = fastify();
  await server.register(cookie);
  server.decorate('cookieNames', app.http.cookieNames);
  server.get('/', async (_request, reply) => {
    for (let index = 1; index <= 6; index += 1)
      storeFlash(reply, { level: 'info', text: `${index} ${'ж'.repeat(600)}` });
    return reply.send('');
  });
  const reply = await server.inject('/');
  const stored = reply.cookies.at(-1);
  assert.ok(stored && stored.value.length <= 3800);
  const messages = JSON.parse(Buffer.from(stored.value, 'base64url').toString()) as { text: string }[]; // made above
  assert.match(messages.at(-1)?.text ?? '', /^6 /);
  await server.close();
});
