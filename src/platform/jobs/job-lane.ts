import type { Lane, LaneOptions } from './lane.ts';
import type { ClaimedRow } from './lease-store.ts';

/** Jobs that one process runs at the same time. */
const CONCURRENCY_MAX = 8;
const JOBS_CLAIMED_MAX = 100;
/** Jobs that waited this long behind long ones are released, so that another process runs them. */
const WAIT_MS_MAX = 1_000;

interface JobLaneOptions extends LaneOptions {
  /** Runs the job of a row. */
  handle(row: ClaimedRow): Promise<void>;
  /** True while the clock is moved: jobs then run one at a time. */
  isSequential(): boolean;
}

// long: one set of rows is taken, started and released
export function makeJobLane(options: JobLaneOptions): Lane {
  const { handle, release, flush, onRoom, onError, isSequential } = options;
  const waiting: ClaimedRow[] = [];
  const under_way = new Set<Promise<void>>();
  let released: Promise<unknown> = Promise.resolve();
  let is_halted = false;
  let saves_count = 0;
  let timer: NodeJS.Timeout | null = null;

  const hasFreePlace = () => under_way.size < (isSequential() ? 1 : CONCURRENCY_MAX);
  const room = () => (is_halted || waiting.length > 0 || !hasFreePlace() ? 0 : JOBS_CLAIMED_MAX);

  function start(row: ClaimedRow): void {
    const work = handle(row)
      .catch(onError)
      .finally(async () => {
        under_way.delete(work);
        startWaiting();
        if (under_way.size === 0) await save();
        if (room() > 0) onRoom();
      });
    under_way.add(work);
  }

  async function save(): Promise<void> {
    saves_count += 1;
    await flush();
    saves_count -= 1;
  }

  function startWaiting(): void {
    while (!is_halted && hasFreePlace()) {
      const row = waiting.shift();
      if (!row) break;
      start(row);
    }
    if (timer && waiting.length === 0) clearTimeout(timer);
  }

  function releaseWaiting(): void {
    const rows = waiting.splice(0);
    if (rows.length > 0) released = Promise.all([released, release(rows).catch(onError)]);
  }

  return {
    room,
    take(rows) {
      if (rows.length === 0) return;
      waiting.push(...rows);
      startWaiting();
      if (waiting.length === 0) return;
      if (timer) clearTimeout(timer);
      timer = setTimeout(() => {
        if (!isSequential()) releaseWaiting();
      }, WAIT_MS_MAX).unref();
    },
    isBusy: () => under_way.size + waiting.length + saves_count > 0,
    async untilIdle() {
      while (under_way.size > 0) await Promise.race(under_way);
      await Promise.all([released, flush()]);
    },
    halt() {
      is_halted = true;
      releaseWaiting();
    },
    resume() {
      is_halted = false;
    },
  };
}
