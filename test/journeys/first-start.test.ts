import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Reads the commands of docs/operating/running.md that are marked for this test. */
async function readCommands(): Promise<string> {
  const text = await readFile(new URL('../../docs/operating/running.md', import.meta.url), 'utf8');
  return [...text.matchAll(/```sh first-start\n([\s\S]*?)```/g)].map((match) => match[1] ?? '').join('\n');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  assert.ok(address !== null && typeof address === 'object');
  return address.port;
}

/** Runs `npm start` without settings but its port and folder, and returns the key of the link in its log. */
async function startSite(environment: NodeJS.ProcessEnv): Promise<{ child: ChildProcess; link_key: string }> {
  // A new process group: npm and the server are stopped together.
  const child = spawn('npm', ['start'], { env: environment, detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  let log = '';
  for await (const chunk of child.stdout) {
    log += String(chunk);
    const link_key = /\/login\/([0-9a-f]{40,64})\//.exec(log)?.[1];
    if (link_key !== undefined) {
      child.stdout.resume();
      return { child, link_key };
    }
  }
  throw new Error(`the site did not start: ${log}`);
}

async function hasCurl(): Promise<boolean> {
  return run('curl', ['--version']).then(
    () => true,
    () => false,
  );
}

const skip = (await hasCurl()) ? false : 'curl is not installed, and the commands of the document use it';

test('the commands of docs/operating/running.md connect an application to a new site', { skip }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tollgate-first-start-'));
  const [port, app_port] = [await freePort(), await freePort()];
  const { TOLLGATE_MODE: _mode, DATABASE_URL: _url, ...inherited } = process.env;
  const environment = { ...inherited, PORT: String(port), DATA_FOLDER: join(folder, 'data'), NODE_OPTIONS: '' };
  const { child, link_key } = await startSite(environment);
  try {
    // The sample application of the document runs in the background; the shell ends it when it exits.
    const script =
      `set -euo pipefail\ntrap 'kill $(jobs -p)' EXIT\nsleep_until_up() { for _ in $(seq 100); do curl --silent "http://127.0.0.1:$APP_PORT/" >/dev/null && return; sleep 0.1; done; }\n${await readCommands()}`.replace(
        /^(node examples\/upstream-app.*)$/m,
        '$1\nsleep_until_up',
      );
    const { stdout } = await run('bash', ['-c', script], {
      env: {
        ...environment,
        SITE: `http://127.0.0.1:${port}`,
        LINK_KEY: link_key,
        APP_PORT: String(app_port),
      },
      timeout: 60_000,
    });
    assert.match(stdout, /"username": ?"tollgate-manager"/);
  } finally {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
    await new Promise((resolve) => child.once('exit', resolve));
    await rm(folder, { recursive: true, force: true });
  }
});
