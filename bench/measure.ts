import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Client, type Dispatcher } from 'undici';
import type { Child } from './child.ts';
import { clients, rounds, seconds } from './settings.ts';

const run = promisify(execFile);

/** One side of a comparison: a server and the load that it receives. */
export interface Side {
  child: Child;
  load(time_s: number): Promise<Round>;
}

/** Result of one round. */
export interface Round {
  count: number;
  per_s: number;
  p50_ms: number;
  p99_ms: number;
}

/** Medians over the rounds of one side. */
export interface Figures {
  per_s: number;
  p50_ms: number;
  p99_ms: number;
  /** CPU time of the server process per request. */
  cpu_us: number;
}

export interface Comparison {
  baseline: Figures;
  subject: Figures;
}

export interface GetRequest {
  path: string;
  headers?: Record<string, string>;
}

const WARM_UP_S = Math.min(seconds, 2);

/** Loads both sides in turn and takes the medians; a first, shorter round of each does not count. */
export async function compare(baseline: Side, subject: Side): Promise<Comparison> {
  const sides = [baseline, subject].map((side) => ({ side, figures: new Array<Figures>() }));
  for (const { side } of sides) await side.load(WARM_UP_S);
  for (let round = 0; round < rounds; round += 1) {
    for (const { side, figures } of sides) figures.push(await measure(side, seconds));
  }
  const [ofBaseline, ofSubject] = sides.map(({ figures }) => takeMedians(figures));
  if (!ofBaseline || !ofSubject) throw new Error('a comparison has two sides');
  return { baseline: ofBaseline, subject: ofSubject };
}

/** Loads one side for a duration and reads the CPU time that its process used meanwhile. */
export async function measure({ child, load }: Side, time_s: number): Promise<Figures> {
  const before_ms = child.cpuMs();
  const { count, per_s, p50_ms, p99_ms } = await load(time_s);
  return { per_s, p50_ms, p99_ms, cpu_us: ((child.cpuMs() - before_ms) * 1000) / Math.max(count, 1) };
}

export function takeMedians(figures: readonly Figures[]): Figures {
  return {
    per_s: median(figures.map(({ per_s }) => per_s)),
    p50_ms: median(figures.map(({ p50_ms }) => p50_ms)),
    p99_ms: median(figures.map(({ p99_ms }) => p99_ms)),
    cpu_us: median(figures.map(({ cpu_us }) => cpu_us)),
  };
}

/** Runs the step on every connection of this process, one at a time on each, until the duration ends. */
export async function loadByNode(
  origin: string,
  time_s: number,
  step: (client: Client, index: number) => Promise<void>,
  connections_count = clients,
): Promise<Round> {
  const connections = Array.from({ length: connections_count }, () => new Client(origin));
  const durations_ms: number[] = [];
  const started = performance.now();
  const until = started + time_s * 1000;
  await Promise.all(
    connections.map(async (client, index) => {
      while (performance.now() < until) {
        const step_started = performance.now();
        await step(client, index);
        durations_ms.push(performance.now() - step_started);
      }
    }),
  );
  const elapsed_s = (performance.now() - started) / 1000;
  await Promise.all(connections.map((client) => client.close()));
  return {
    count: durations_ms.length,
    per_s: durations_ms.length / elapsed_s,
    p50_ms: quantile(durations_ms, 0.5),
    p99_ms: quantile(durations_ms, 0.99),
  };
}

/** A side that receives GET requests from this process: the method of the goals. */
export function loadedByNode(child: Child, { path, headers }: GetRequest): Side {
  const request = { method: 'GET', path, headers: headers ?? null } as const;
  return { child, load: (time_s) => loadByNode(child.origin, time_s, (client) => send(client, request)) };
}

/** A side that receives GET requests from `wrk`, which runs on one core and costs less than a load of Node.js. */
export function loadedByWrk(child: Child, { path, headers = {} }: GetRequest, core: number): Side {
  const args = ['-c', `${core}`, 'wrk', '--latency', '-t1', `-c${clients}`];
  for (const [name, value] of Object.entries(headers)) args.push('-H', `${name}: ${value}`);
  return {
    child,
    async load(time_s) {
      const { stdout } = await run('taskset', [...args, `-d${time_s}s`, `${child.origin}${path}`]);
      if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`${path}: ${stdout}`);
      return {
        count: Number(find(stdout, /(\d+) requests in/)),
        per_s: Number(find(stdout, /Requests\/sec:\s+([\d.]+)/)),
        p50_ms: toMs(find(stdout, /\n\s+50%\s+(\S+)/)),
        p99_ms: toMs(find(stdout, /\n\s+99%\s+(\S+)/)),
      };
    },
  };
}

/** True if the program is installed. */
export async function isInstalled(program: string, ...args: string[]): Promise<boolean> {
  return run(program, args).then(
    () => true,
    (error: unknown) => !(error instanceof Error && 'code' in error && error.code === 'ENOENT'),
  );
}

function find(text: string, pattern: RegExp): string {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new Error(`the load generator printed no ${pattern.source}: ${text}`);
  return found;
}

function toMs(text: string): number {
  const value = Number.parseFloat(text);
  if (text.endsWith('us')) return value / 1000;
  return text.endsWith('ms') ? value : value * 1000;
}

/** Sends a request and reads the response; any status but success is an error, so that failures are not counted. */
export async function send(client: Client, request: Dispatcher.RequestOptions): Promise<void> {
  const { statusCode, body } = await client.request(request);
  if (statusCode >= 300)
    throw new Error(`${request.method} ${request.path}: ${statusCode} ${(await body.text()).slice(0, 300)}`);
  await body.dump({ limit: 10_000_000 });
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
