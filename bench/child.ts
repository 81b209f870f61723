import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Questions } from './hook.ts';

export interface Child {
  origin: string;
  pid: number;
  /** CPU time of the process since its start, user and system, in ms. */
  cpuMs(): number;
  /** Resident memory of the process. */
  residentBytes(): number;
  /** Asks the preloaded hook; see hook.ts. */
  ask<Name extends keyof Questions>(name: Name): Promise<Questions[Name]>;
  stop(): Promise<void>;
}

export interface ChildOptions {
  environment: Record<string, string>;
  /** Path that responds with success when the process is ready. */
  probe: string;
  /** Port that the process takes; a free one when omitted. */
  port?: number;
  /** Options of Node.js. */
  node?: readonly string[];
  /** Core on which the process runs; any when omitted. */
  core?: number;
  /** File that receives standard output; discarded when omitted. */
  log_file?: string;
}

const READY_MS_MAX = 60_000;
const root = fileURLToPath(new URL('..', import.meta.url));
const hook = new URL('hook.ts', import.meta.url).href;

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
export async function startChild(args: readonly string[], options: ChildOptions): Promise<Child> {
  const port = options.port ?? (await freePort());
  const origin = `http://127.0.0.1:${port}`;
  const command = [process.execPath, `--import=${hook}`, ...(options.node ?? []), ...args];
  const [file = '', ...rest] = options.core === undefined ? command : ['taskset', '-c', `${options.core}`, ...command];
  const output = openSync(options.log_file ?? '/dev/null', 'w');
  const child = spawn(file, rest, {
    cwd: root,
    env: { PATH: process.env['PATH'], ...options.environment, PORT: String(port), HOST: '127.0.0.1' },
    stdio: ['ignore', output, 'inherit', 'ipc'],
  });
  closeSync(output);
  running.add(child);
  child.once('exit', () => running.delete(child));
  const until = performance.now() + READY_MS_MAX;
  while (!(await isReachable(`${origin}${options.probe}`))) {
    if (child.exitCode !== null || performance.now() > until) {
      await stop(child);
      throw new Error(`${args.join(' ')} did not start`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const { pid } = child;
  if (pid === undefined) throw new Error('the process has no id');
  return {
    origin,
    pid,
    cpuMs: () => readCpuMs(pid),
    residentBytes: () => readResidentBytes(pid),
    ask: (name) => ask(child, name),
    stop: () => stop(child),
  };
}

let last_question = 0;

async function ask<Name extends keyof Questions>(child: ChildProcess, name: Name): Promise<Questions[Name]> {
  const id = (last_question += 1);
  const { promise, resolve, reject } = Promise.withResolvers<Questions[Name]>();
  const onMessage = (message: { id: number; value: Questions[Name]; error?: string }) => {
    if (message.id !== id) return;
    if (message.error === undefined) resolve(message.value);
    else reject(new Error(message.error));
  };
  const onExit = () => reject(new Error('the process ended'));
  child.on('message', onMessage);
  child.once('exit', onExit);
  child.send({ id, name });
  try {
    return await promise;
  } finally {
    child.off('message', onMessage);
    child.off('exit', onExit);
  }
}

let tick_ms: number | null = null;

/** Reads utime and stime, fields 14 and 15 of /proc/<pid>/stat (proc(5)); the name in parentheses may hold spaces. */
export function readCpuMs(pid: number): number {
  tick_ms ??= 1000 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * tick_ms;
}

function readResidentBytes(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) * 1024;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
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

/** Returns a port of the loopback address on which no process listens. */
export async function freePort(): Promise<number> {
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
