import assert from 'node:assert/strict';
import { mkdtempSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify from 'fastify';
import { makeThemes } from './themes.ts';

const outside = mkdtempSync(join(tmpdir(), 'theme-'));
const folder = join(outside, 'theme');
mkdirSync(join(folder, 'templates'), { recursive: true });
mkdirSync(join(folder, 'public/static/css'), { recursive: true });
writeFileSync(join(outside, 'secret.txt'), 'secret');
writeFileSync(join(folder, 'theme.json'), '{}');
writeFileSync(join(folder, 'templates/index.html'), 'template');
writeFileSync(join(folder, 'public/static/css/site.css'), 'p { color: red }\n'.repeat(200));
mkdirSync(join(folder, 'public/static/fonts'));
writeFileSync(join(folder, 'public/static/fonts/a.woff2'), 'font');
writeFileSync(
  join(folder, 'public/static/css/fonts.css'),
  `a { src: url('../fonts/a.woff2') } b { src: url(../fonts/none.woff2) } c { src: url("data:x") }`,
);
writeFileSync(join(folder, 'public/static/icon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>');
writeFileSync(join(folder, 'public/static/page.html'), '<script>1</script>');
writeFileSync(join(folder, 'public/static/.hidden'), 'x');
writeFileSync(join(folder, 'public/static/old.css~'), 'x');
writeFileSync(join(folder, 'public/robots.txt'), 'User-agent: *\n');
symlinkSync(join(outside, 'secret.txt'), join(folder, 'public/static/link.txt'));

const themes = makeThemes({ folder, live: false });
const app = fastify().withTypeProvider<TypeBoxTypeProvider>();
themes.routes(app);

after(async () => {
  await app.close();
  rmSync(outside, { recursive: true });
});

test('a file requested with its version is immutable, without version it is revalidated', async () => {
  const url = themes.assetUrl('css/site.css');
  assert.match(url, /^\/static\/css\/site\.css\?v=[0-9a-f]{16}$/);
  const first = await app.inject({ url });
  assert.equal(first.statusCode, 200);
  assert.equal(first.headers['content-type'], 'text/css; charset=utf-8');
  assert.equal(first.headers['cache-control'], 'public, max-age=31536000, immutable');
  assert.equal(first.headers['x-content-type-options'], 'nosniff');
  const bare = await app.inject({ url: '/static/css/site.css' });
  assert.equal(bare.headers['cache-control'], 'public, no-cache');
  const stale = await app.inject({ url: '/static/css/site.css?v=0123456789abcdef' });
  assert.equal(stale.headers['cache-control'], 'public, no-cache');
  const again = await app.inject({ url, headers: { 'if-none-match': String(first.headers['etag']) } });
  assert.equal(again.statusCode, 304);
  assert.equal(again.body, '');
});

test('an address in a style sheet gets the version of its file, which is then immutable', async () => {
  const { body } = await app.inject({ url: '/static/css/fonts.css' });
  assert.match(body, /a { src: url\('\/static\/fonts\/a\.woff2\?v=[0-9a-f]{16}'\) }/);
  assert.ok(body.endsWith('b { src: url(../fonts/none.woff2) } c { src: url("data:x") }'), body);
  const font = await app.inject({ url: /'(.*?)'/.exec(body)?.[1] ?? '' });
  assert.equal(font.body, 'font');
  assert.equal(font.headers['content-type'], 'font/woff2');
  assert.equal(font.headers['cache-control'], 'public, max-age=31536000, immutable');
});

test('files are compressed for clients that accept the encoding', async () => {
  const url = '/static/css/site.css';
  const plain = await app.inject({ url });
  const gzip = await app.inject({ url, headers: { 'accept-encoding': 'gzip, br;q=0' } });
  const brotli = await app.inject({ url, headers: { 'accept-encoding': 'gzip, deflate, br, zstd' } });
  assert.equal(plain.headers['content-encoding'], undefined);
  assert.equal(gunzipSync(gzip.rawPayload).toString(), plain.body);
  assert.equal(brotliDecompressSync(brotli.rawPayload).toString(), plain.body);
  assert.equal(new Set([plain, gzip, brotli].map((reply) => reply.headers['etag'])).size, 3);
  for (const reply of [plain, gzip, brotli]) assert.equal(reply.headers['vary'], 'accept-encoding');
});

test('no path serves a file outside the public folder', async () => {
  // oxfmt-ignore
  const paths = [
    '/static/../secret.txt', '/static/../../secret.txt', '/static/%2e%2e/theme.json',
    '/static/..%2f..%2fsecret.txt', '/static/css/..%5c..%5c..%5csecret.txt', '/static//etc/passwd',
    '/static/css/../../../templates/index.html', '/static/.hidden', '/static/old.css~',
    '/static/link.txt', '/static/', '/static/css',
    '/static/css/site.css%00.txt', '/templates/index.html', '/theme.json',
    '/static/%252e%252e/theme.json', '/static/__proto__', '/static/constructor',
  ];
  for (const url of paths) {
    const reply = await app.inject({ url });
    assert.ok([400, 404].includes(reply.statusCode), `${url}: ${reply.statusCode}`);
    assert.doesNotMatch(reply.body, /secret\n?$|template$|root:/, url);
  }
});

test('a file that a browser would execute is sandboxed or only downloaded', async () => {
  const svg = await app.inject({ url: '/static/icon.svg' });
  assert.match(String(svg.headers['content-security-policy']), /default-src 'none'.*sandbox/);
  const html = await app.inject({ url: '/static/page.html' });
  assert.equal(html.headers['content-type'], 'application/octet-stream');
});

test('the well-known files beside the static folder are served', async () => {
  assert.equal((await app.inject({ url: '/robots.txt' })).body, 'User-agent: *\n');
  assert.equal((await app.inject({ url: '/favicon.ico' })).statusCode, 404);
});

test('the style sheet of Bootstrap is served from the installed package', async () => {
  const reply = await app.inject({ url: themes.assetUrl('vendor/bootstrap.min.css') });
  assert.equal(reply.statusCode, 200);
  assert.match(reply.body, /Bootstrap\s+v5\.3/);
  assert.doesNotMatch(reply.body, /sourceMappingURL/);
});

test('a live theme shows changes of its files without a restart', async () => {
  const live = makeThemes({ folder, live: true });
  const version = live.lookup('index.html')?.version;
  writeFileSync(join(folder, 'templates/index.html'), 'changed');
  const until = performance.now() + 5000;
  while (live.lookup('index.html')?.version === version && performance.now() < until) {
    await setTimeout(20);
  }
  assert.equal(live.lookup('index.html')?.source, 'changed');
  assert.equal(themes.lookup('index.html')?.source, 'template', 'a theme in production is read once');
});
