export interface BoundedPool {
  /** Runs the work immediately or in turn; throws the error of `refuse` when the queue is full. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Number of waiting calls. */
  waitingCount(): number;
}

export interface BoundedPoolOptions {
  concurrency: number;
  queue_max: number;
  refuse: () => Error;
}

/** Makes a first-come, first-served pool with at most `concurrency` running and `queue_max` waiting calls. */
export function boundedPool({ concurrency, queue_max, refuse }: BoundedPoolOptions): BoundedPool {
  let active_count = 0;
  const waiting: (() => void)[] = [];

  async function turn(): Promise<void> {
    if (active_count < concurrency) {
      active_count += 1;
      return;
    }
    if (waiting.length >= queue_max) throw refuse();
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.push(resolve);
    await promise;
  }

  function leave(): void {
    const next = waiting.shift();
    // The slot passes to the next waiting call, so that a new call cannot overtake it.
    if (next) next();
    else active_count -= 1;
  }

  return {
    waitingCount: () => waiting.length,
    async run(work) {
      await turn();
      try {
        return await work();
      } finally {
        leave();
      }
    },
  };
}
