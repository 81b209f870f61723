import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

/** Libraries that are loaded at their first use: an idle process on a database server needs none of them. */
const LOADED_ON_USE = [
  '@electric-sql/pglite',
  'nodemailer',
  '@zxcvbn-ts/language-en',
  '@zxcvbn-ts/language-common',
  'pdfkit',
  'fontkit',
  'stripe',
];

const program = `
  import { registerHooks } from 'node:module';
  const urls = [];
  registerHooks({ resolve(name, context, next) { const found = next(name, context); urls.push(found.url); return found; } });
  await import(process.env.PROGRAM);
  process.stdout.write(JSON.stringify(urls));`;

test('the program loads large libraries at their first use only', async () => {
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: root,
    env: { ...process.env, PROGRAM: new URL('../../src/commands.ts', import.meta.url).href },
    maxBuffer: 10_000_000,
  });
  const urls: unknown = JSON.parse(stdout);
  assert.ok(Array.isArray(urls) && urls.every((url) => typeof url === 'string'));
  assert.ok(urls.some((url) => url.includes('/node_modules/fastify/')));
  for (const name of LOADED_ON_USE)
    assert.deepEqual(
      urls.filter((url) => url.includes(`/node_modules/${name}/`)),
      [],
      name,
    );
});
