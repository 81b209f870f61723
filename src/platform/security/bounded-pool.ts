export interface BoundedPool {
  /** Runs the work now or when its turn comes; throws what `refuse` makes when the queue is full. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** How many wait at this moment. */
  waitingCount(): number;
}

export interface BoundedPoolOptions {
  concurrency: number;
  queue_max: number;
  refuse: () => Error;
}

/** Makes a first-come, first-served pool: at most `concurrency` at work and at most `queue_max` waiting. */
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
    // The place passes straight to the next in line, so a newcomer cannot slip in between.
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
