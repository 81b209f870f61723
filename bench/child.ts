import { spawn, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

export interface Child {
  origin: string;
  stop(): Promise<void>;
}

const READY_MS_MAX = 60_000;
const root = fileURLToPath(new URL('..', import.meta.url));

const running = new Set<ChildProcess>();

/** Stops the started processes when this process receives a signal, then runs `last`. */
export function stopAllWhenInterrupted(last: () => Promise<void>): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      void Promise.all([...running].map(stop))
        .then(last)
        .finally(() => process.exit(1));
    });
  }
}

/** Runs a server of this repository in a separate process on a free port, and waits until `probe` responds. */
export async function startChild(
  args: readonly string[],
  environment: Record<string, string>,
  probe: string,
): Promise<Child> {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { PATH: process.env['PATH'], ...environment, PORT: String(port), HOST: '127.0.0.1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  child.stdout.resume();
  const until = performance.now() + READY_MS_MAX;
  while (!(await isReachable(`${origin}${probe}`))) {
    if (child.exitCode !== null || performance.now() > until) {
      await stop(child);
      throw new Error(`${args.join(' ')} did not start`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { origin, stop: () => stop(child) };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const killer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await gone;
  clearTimeout(killer);
}

async function isReachable(url: string): Promise<boolean> {
  return fetch(url).then(
    (response) => response.ok,
    () => false,
  );
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === 'object' && address !== null) resolve(address.port);
        else reject(new Error('no port'));
      });
    });
  });
}
