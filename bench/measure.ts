import { Client, type Dispatcher } from 'undici';
import { clients, rounds, seconds } from './settings.ts';

/** One side of a comparison: the step that each client repeats. Returns true on success. */
export interface Side {
  origin: string;
  step(client: Client, index: number): Promise<void>;
}

export interface Comparison {
  baseline_per_s: number;
  subject_per_s: number;
  /** Latency percentiles of the subject, in ms. */
  p50_ms: number;
  p99_ms: number;
}

interface Round {
  per_s: number;
  durations_ms: number[];
}

const WARM_UP_S = 1;

/** Loads both sides in turn and takes the medians; a first, shorter round of each does not count. */
export async function compare(baseline: Side, subject: Side): Promise<Comparison> {
  await load(baseline, WARM_UP_S);
  await load(subject, WARM_UP_S);
  const ofBaseline: number[] = [];
  const ofSubject: number[] = [];
  const durations: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    ofBaseline.push((await load(baseline, seconds)).per_s);
    const { per_s, durations_ms } = await load(subject, seconds);
    ofSubject.push(per_s);
    durations.push(...durations_ms);
  }
  durations.sort((a, b) => a - b);
  return {
    baseline_per_s: median(ofBaseline),
    subject_per_s: median(ofSubject),
    p50_ms: durations[Math.floor(durations.length * 0.5)] ?? 0,
    p99_ms: durations[Math.floor(durations.length * 0.99)] ?? 0,
  };
}

/** Runs the step of one side on every connection, one at a time on each, until the duration ends. */
export async function load(side: Side, time_s: number): Promise<Round> {
  const connections = Array.from({ length: clients }, () => new Client(side.origin));
  const durations_ms: number[] = [];
  const started = performance.now();
  const until = started + time_s * 1000;
  await Promise.all(
    connections.map(async (client, index) => {
      while (performance.now() < until) {
        const step_started = performance.now();
        await side.step(client, index);
        durations_ms.push(performance.now() - step_started);
      }
    }),
  );
  const elapsed_s = (performance.now() - started) / 1000;
  await Promise.all(connections.map((client) => client.close()));
  return { per_s: durations_ms.length / elapsed_s, durations_ms };
}

/** Sends a request and reads the response; any status but success is an error, so that failures are not counted. */
export async function send(client: Client, request: Dispatcher.RequestOptions): Promise<void> {
  const { statusCode, body } = await client.request(request);
  if (statusCode >= 300)
    throw new Error(`${request.method} ${request.path}: ${statusCode} ${(await body.text()).slice(0, 300)}`);
  await body.dump({ limit: 10_000_000 });
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
