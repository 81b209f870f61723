import type { Lane, LaneOptions } from './lane.ts';
import type { ClaimedRow } from './lease-store.ts';

export const EVENTS_OF_BATCH_MAX = 100;
/** More than one batch is under way only when an event takes long. */
const BATCHES_MAX = 4;

interface EventLaneOptions extends LaneOptions {
  /** Handles rows until `isHalted`; returns those that it did not start. */
  deliver(rows: readonly ClaimedRow[], isHalted: () => boolean): Promise<ClaimedRow[]>;
}

/** Makes the lane of events, which are delivered in batches. */
export function makeEventLane({ deliver, release, flush, onRoom, onError }: EventLaneOptions): Lane {
  const batches = new Set<Promise<void>>();
  let is_halted = false;

  async function handle(rows: readonly ClaimedRow[]): Promise<void> {
    const left = await deliver(rows, () => is_halted);
    if (left.length > 0) await release(left);
    await flush();
  }

  return {
    room: () => (batches.size < BATCHES_MAX ? EVENTS_OF_BATCH_MAX : 0),
    take(rows) {
      if (rows.length === 0) return;
      const batch = handle(rows)
        .catch(onError)
        .finally(() => {
          batches.delete(batch);
          onRoom();
        });
      batches.add(batch);
    },
    isBusy: () => batches.size > 0,
    async untilIdle() {
      while (batches.size > 0) await Promise.all(batches);
    },
    halt() {
      is_halted = true;
    },
    resume() {
      is_halted = false;
    },
  };
}
