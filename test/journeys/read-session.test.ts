import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { test } from 'node:test';
import { SignJWT } from 'jose';

const key = 'a session key of more than thirty-two characters';
process.env['TOLLGATE_KEY'] = key;
const { readSession } = await import('../../examples/read-session/node.ts');

const run = promisify(execFile);
const folder = fileURLToPath(new URL('../../examples/read-session/', import.meta.url));

function sign(secret: string, expires_s: number | null = 60): Promise<string> {
  const token = new SignJWT({ username: 'xia', roles: {} }).setProtectedHeader({ alg: 'HS256' });
  if (expires_s !== null) token.setExpirationTime(Math.floor(Date.now() / 1000) + expires_s);
  return token.sign(Buffer.from(secret));
}

const headers: [title: string, header: () => Promise<string | undefined>, username: string | null][] = [
  ['a signed session', async () => `Bearer ${await sign(key)}`, 'xia'],
  ['a session that has expired', async () => `Bearer ${await sign(key, -60)}`, null],
  ['a session without an end', async () => `Bearer ${await sign(key, null)}`, null],
  ['a session signed with another key', async () => `Bearer ${await sign('x'.repeat(40))}`, null],
  ['a token without a signature', async () => 'Bearer eyJhbGciOiJub25lIn0.eyJ1c2VybmFtZSI6InhpYSJ9.', null],
  ['no header', async () => undefined, null],
];

for (const [title, header, username] of headers) {
  test(`the TypeScript example and ${title}`, async () => {
    const session = await readSession(await header());
    assert.equal(session?.['username'] ?? null, username);
  });
}

const python = await run('python3', ['-c', 'import jwt']).then(
  () => false as const,
  () => 'python3 with PyJWT is not installed',
);

test('the Python example returns the same session', { skip: python }, async () => {
  for (const [title, header, username] of headers) {
    const script =
      'import sys, session; found = session.read_session(sys.argv[1]); print(found["username"] if found else "")';
    const { stdout } = await run('python3', ['-c', script, (await header()) ?? ''], {
      cwd: folder,
      env: { ...process.env, TOLLGATE_KEY: key, PYTHONDONTWRITEBYTECODE: '1' },
    });
    assert.equal(stdout.trim(), username ?? '', title);
  }
});
