import type { Session } from 'node:inspector/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { StatementCount } from './statement-count.ts';

/**
 * Preloaded into a measured process (`--import`): responds to questions of the benchmark process over the channel
 * between both. It does nothing until it is asked.
 */
export interface Questions {
  memory: Memory;
  startCounting: null;
  stopCounting: StatementCount;
  startProfile: null;
  stopProfile: unknown;
}

/** Memory after a forced collection, in bytes; needs `--expose-gc`. */
export interface Memory {
  heap_bytes: number;
  rss_bytes: number;
  external_bytes: number;
  /** Timers, sockets and other resources that keep the process alive. */
  resources_count: number;
  /** Maximum delay of the event loop since the last question, in ms. */
  loop_delay_ms: number;
}

const delay = monitorEventLoopDelay({ resolution: 10 });
let session: Session | null = null;
let stopCounting: (() => Promise<StatementCount>) | null = null;

const responses: { [Name in keyof Questions]: () => Promise<Questions[Name]> } = {
  async memory() {
    if (!globalThis.gc) throw new Error('start the process with --expose-gc');
    const loop_delay_ms = delay.max / 1e6;
    const { rss: rss_bytes } = process.memoryUsage();
    for (let round = 0; round < 3; round += 1) {
      globalThis.gc({ type: 'major', execution: 'sync' });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const { heapUsed: heap_bytes, external: external_bytes } = process.memoryUsage();
    const resources_count = process.getActiveResourcesInfo().length;
    delay.enable();
    delay.reset();
    return { heap_bytes, rss_bytes, external_bytes, resources_count, loop_delay_ms };
  },
  async startCounting() {
    const { countStatements } = await import('./statement-count.ts');
    const { promise, resolve } = Promise.withResolvers<void>();
    const counted = countStatements(() => promise);
    stopCounting = () => {
      resolve();
      return counted;
    };
    return null;
  },
  async stopCounting() {
    if (!stopCounting) throw new Error('counting was not started');
    return stopCounting();
  },
  async startProfile() {
    const inspector = await import('node:inspector/promises');
    session = new inspector.Session();
    session.connect();
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: 1000 });
    await session.post('Profiler.start');
    return null;
  },
  async stopProfile() {
    const { profile } = (await session?.post('Profiler.stop')) ?? { profile: null };
    session?.disconnect();
    return profile;
  },
};

process.on('message', (question: { id: number; name: keyof Questions }) => {
  void responses[question.name]().then(
    (value) => process.send?.({ id: question.id, value }),
    (error: unknown) => process.send?.({ id: question.id, error: String(error) }),
  );
});
// Only the server keeps the process alive.
process.channel?.unref();
