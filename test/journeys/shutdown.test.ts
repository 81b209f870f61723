import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'undici';
import { type Program, startProgram } from '../support/program.ts';

let folder: string;
let sites_count = 0;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tollgate-stop-'));
  // Made once: the migrations of a new folder take longer than the tests.
  const program = startProgram(['src/main.ts', 'work'], { DATA_FOLDER: join(folder, 'new'), HOME: folder });
  await program.waitFor(/"working"/);
  program.child.kill('SIGTERM');
  assert.equal(await program.exited, 0, program.output());
});
after(() => rm(folder, { recursive: true, force: true }));

interface Site {
  program: Program;
  origin: string;
}

async function makeFolder(): Promise<string> {
  const path = join(folder, String((sites_count += 1)));
  await cp(join(folder, 'new'), path, { recursive: true });
  return path;
}

/** Starts the program in evaluation mode on a folder of a new site. */
async function start(environment: Record<string, string> = {}, command?: [string, string[]]): Promise<Site> {
  const DATA_FOLDER = await makeFolder();
  const program = startProgram(
    command?.[1] ?? ['src/main.ts', 'serve'],
    { PORT: '0', DATA_FOLDER, HOME: folder, ...environment },
    command?.[0],
  );
  const [, origin = ''] = await program.waitFor(/"address":"(http:\/\/127\.0\.0\.1:\d+)"/);
  await program.waitFor(/"link":/);
  return { program, origin };
}

interface ServedResponse {
  status: number;
  text: string;
  connection: string | undefined;
}

function get(agent: Agent, url: string): Promise<ServedResponse> {
  return new Promise((resolve, reject) => {
    request(url, { agent, headers: { accept: 'application/json' } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (more: string) => {
        text += more;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text, connection: response.headers.connection }),
      );
      response.on('error', reject);
    })
      .on('error', reject)
      .end();
  });
}

test('a stopping process ends readiness first and serves every request of 50 callers on kept-alive connections', async () => {
  const { program, origin } = await start({
    STOP_DELAY_MS: '10000',
    TOLLGATE_MODE: 'development',
    REQUESTS_PER_MINUTE_MAX: '10000000',
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 50 });
  const responses: ServedResponse[] = [];
  const refused: string[] = [];
  let isOver = false;
  async function callOnAndOn(): Promise<void> {
    while (!isOver) {
      try {
        responses.push(await get(agent, `${origin}/api/pricing`));
        await sleep(20); // calls leave time for the two that are made below
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
        refused.push(code);
        // A refused connection carried no request: the caller tries another node.
        if (code === 'ECONNREFUSED') return;
      }
    }
  }
  const callers = Array.from({ length: 50 }, callOnAndOn);
  await sleep(1_000);
  program.child.kill('SIGTERM');
  await program.waitFor(/"stopping"/);
  const ready = await get(new Agent(), `${origin}/readyz`);
  assert.deepEqual([ready.status, JSON.parse(ready.text).code], [503, 'not_ready']);
  const served_count = responses.length;
  assert.equal((await get(new Agent(), `${origin}/api/pricing`)).status, 200, 'served as before');
  assert.equal(await program.exited, 0, program.output());
  isOver = true;
  await Promise.all(callers);
  assert.deepEqual([...new Set(refused)], ['ECONNREFUSED'], 'no accepted request was dropped');
  assert.ok(responses.length > served_count, 'requests were served during the delay');
  assert.deepEqual([...new Set(responses.map(({ status }) => status))], [200]);
  assert.ok(responses.some(({ connection }) => connection === 'close'));
});

test('without a delay, running requests are finished and idle connections are closed', async () => {
  const { program, origin } = await start({ STOP_DELAY_MS: '0' });
  const agent = new Agent({ keepAlive: true });
  assert.equal((await get(agent, `${origin}/healthz`)).status, 200);
  // A connection without a request must not keep the process alive.
  const silent = connect(Number(new URL(origin).port), '127.0.0.1').on('error', () => {});
  await sleep(100);
  program.child.kill('SIGTERM');
  await sleep(100);
  const late = await get(agent, `${origin}/healthz`);
  assert.deepEqual(
    [late.status, late.connection],
    [200, 'close'],
    'a request that arrives on an open connection is served',
  );
  assert.equal(await program.exited, 0);
  silent.destroy();
  await assert.rejects(fetch(`${origin}/healthz`));
});

test('a stopping process completes forwarded responses and closes WebSockets with 1001', async () => {
  const program = startProgram(['src/main.ts', 'demo', '--bare'], { PORT: '0' });
  const [origin = ''] = await program.waitFor(/http:\/\/127\.0\.0\.1:\d+/);
  await program.waitFor(/Relaxed/);
  const signed = await fetch(`${origin}/api/auth`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'donny', password: 'yoyo' }),
  });
  const { token } = (await signed.json()) as { token: string }; // the response of this operation
  const headers = { authorization: `Bearer ${token}` };
  const slow = fetch(`${origin}/app/donny/slow?ms=1500`, { headers });
  const long = await fetch(`${origin}/app/donny/stream?count=13&ms=500`, { headers });
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/app/donny/ws`, { headers });
  const closed = new Promise<number>((resolve) => {
    socket.addEventListener('close', ({ code }) => resolve(code));
  });
  await new Promise((resolve) => {
    socket.addEventListener('message', resolve, { once: true });
  });
  program.child.kill('SIGTERM');
  assert.equal(await closed, 1001);
  const response = await slow;
  assert.equal(response.status, 200);
  assert.notEqual(await response.text(), '');
  assert.match(await long.text(), /13 of 13/);
  assert.equal(await program.exited, 0, program.output());
});

test('a second signal ends the delay and the process exits with 0', async () => {
  const { program } = await start({ STOP_DELAY_MS: '60000' });
  program.child.kill('SIGINT');
  program.child.kill('SIGINT');
  assert.equal(await program.exited, 0, program.output());

  const second = await start({ STOP_DELAY_MS: '60000' });
  second.program.child.kill('SIGTERM');
  await second.program.waitFor(/"stopping"/);
  await sleep(1_200);
  second.program.child.kill('SIGTERM');
  assert.equal(await second.program.exited, 0, second.program.output());
});

test('a worker process exits with 0 on a signal', async () => {
  const program = startProgram(['src/main.ts', 'work'], { DATA_FOLDER: await makeFolder() });
  await program.waitFor(/"working"/);
  program.child.kill('SIGTERM');
  assert.equal(await program.exited, 0, program.output());
});

const hasNpm = (() => {
  try {
    execFileSync('npm', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

test('SIGTERM to npm start reaches the server: it stops and frees its port', { skip: !hasNpm }, async () => {
  const { program, origin } = await start({ STOP_DELAY_MS: '0' }, ['npm', ['start']]);
  program.child.kill('SIGTERM');
  await program.exited;
  await untilRefused(origin, program.child);
});

async function untilRefused(origin: string, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (
    await fetch(`${origin}/healthz`).then(
      () => true,
      () => false,
    )
  ) {
    assert.ok(performance.now() < deadline, `the server of npm ${child.pid} still runs`);
    await sleep(100);
  }
}
