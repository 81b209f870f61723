import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';

/** Starts the bare demo as a process of its own; answers it and its address. */
async function startProcess() {
  const child = spawn(process.execPath, ['src/main.ts', 'demo', '--bare'], {
    env: { ...process.env, PORT: '0', LOG_LEVEL: 'warn', NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  child.stdout.setEncoding('utf8');
  for await (const text of child.stdout) {
    out += String(text);
    if (out.includes('To try')) break;
  }
  const origin = /http:\/\/127\.0\.0\.1:\d+/.exec(out)?.[0];
  assert.ok(origin, out);
  return { child, origin };
}

test('asked to stop, the process finishes what it is answering, takes nothing new, and ends well', async () => {
  const { child, origin } = await startProcess();
  const exited = once(child, 'exit');
  try {
    const signed = await fetch(`${origin}/api/auth`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'donny', password: 'yoyo' }),
    });
    assert.equal(signed.status, 201);
    const { token } = (await signed.json()) as { token: string }; // the answer of this operation
    const slow = fetch(`${origin}/app/donny/slow?ms=1500`, { headers: { authorization: `Bearer ${token}` } });
    await new Promise((resolve) => setTimeout(resolve, 500));
    child.kill('SIGTERM');
    const reply = await slow;
    assert.equal(reply.status, 200);
    await reply.text();
    const [code] = await exited;
    assert.equal(code, 0);
    await assert.rejects(fetch(`${origin}/healthz`));
  } finally {
    child.kill('SIGKILL');
  }
});
