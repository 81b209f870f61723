import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { startProgram } from '../support/program.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tollgate-start-'));
});
after(() => rm(folder, { recursive: true, force: true }));

const html = { accept: 'text/html' };

test('without settings the server starts in evaluation mode: a banner on every page, e-mails in the log', async () => {
  const program = startProgram(['src/main.ts', 'serve'], { DATA_FOLDER: join(folder, 'evaluation'), PORT: '0' });
  try {
    const [, origin = ''] = await program.waitFor(/"address":"(http:\/\/127\.0\.0\.1:\d+)"/);
    await program.waitFor(/evaluation mode/);
    for (const path of ['/', '/login/', '/pricing/', '/no-such-page/']) {
      const page = await (await fetch(`${origin}${path}`, { headers: html })).text();
      assert.match(page, /<aside class="tg-evaluation /, path);
    }
    for (const path of ['/_dev/mail', '/_dev/clock', '/_dev/processor', '/_dev/gallery/'])
      assert.ok((await fetch(`${origin}${path}`, { redirect: 'manual' })).status >= 300, path);

    const [link = ''] = await program.waitFor(/http:\/\/127\.0\.0\.1:\d+\/login\/[0-9a-f]{40}\//);
    assert.equal((await fetch(link, { headers: html })).status, 200);
    const recovered = await fetch(`${origin}/api/auth/recover`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: 'operator@tollgate.localhost' }),
    });
    assert.equal(recovered.status, 201, await recovered.text());
    await program.waitFor(/"to":\["operator@tollgate\.localhost"\].*"text":/);
  } finally {
    program.child.kill('SIGTERM');
  }
  assert.equal(await program.exited, 0);

  const other = startProgram(['src/main.ts', 'serve'], {
    DATA_FOLDER: join(folder, 'evaluation'),
    PORT: '0',
    SECRET_KEY: 'another key than the one that was generated',
  });
  assert.equal(await other.exited, 1, 'the process does not start with a changed key');
  assert.match(other.output(), /SECRET_KEY: is not the key .*\n.*Restore .*\n.*tollgate secret adopt/);
});

test('the server refuses unsafe settings before it writes or listens, with one line for each', async () => {
  const port = await freePort();
  const data = join(folder, 'refused');
  const program = startProgram(['src/main.ts', 'serve'], {
    TOLLGATE_MODE: 'production',
    DATA_FOLDER: data,
    PORT: String(port),
    THROTTLE_FACTOR: '100000',
    PASSWORD_LENGTH_MIN: '4',
  });
  assert.equal(await program.exited, 1);
  for (const [setting, override] of [
    ['PROCESSOR', 'ALLOW_TEST_PROCESSOR'],
    ['BASE_URL', 'ALLOW_INSECURE_COOKIES'],
    ['SITE_EMAIL', 'ALLOW_UNREACHABLE_SITE_EMAIL'],
    ['THROTTLE_FACTOR', 'ALLOW_RAISED_LIMITS'],
    ['PASSWORD_LENGTH_MIN', 'ALLOW_SHORT_PASSWORDS'],
  ])
    assert.match(program.output(), new RegExp(`^ *${setting}: .*${override}=1`, 'm'));
  assert.equal(existsSync(data), false, 'the process generated no key and made no database');
});

test('the demo refuses an address that is not loopback', async () => {
  const program = startProgram(['src/main.ts', 'demo', '--bare'], { HOST: '0.0.0.0', PORT: '0' });
  assert.equal(await program.exited, 1);
  assert.match(program.output(), /HOST: .*ALLOW_PUBLIC_DEVELOPMENT=1/);
});

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  assert(typeof address === 'object' && address !== null);
  probe.close();
  await once(probe, 'close');
  return address.port;
}
