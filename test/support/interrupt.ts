import { AsyncLocalStorage } from 'node:async_hooks';
import { GatedPool } from '../../src/platform/db/gated-pool.ts';

interface Interrupted {
  /** Connections that the work still takes before the other work runs. */
  left: number;
  readonly other: () => Promise<unknown>;
  done: boolean;
}

interface Acquiring {
  acquire(this: GatedPool): Promise<unknown>;
}

const interrupted = new AsyncLocalStorage<Interrupted | null>();
let is_installed = false;

function install(): void {
  if (is_installed) return;
  is_installed = true;
  const pools = GatedPool.prototype as unknown as Acquiring; // acquire is protected
  const { acquire } = pools;
  pools.acquire = async function (this: GatedPool) {
    const state = interrupted.getStore();
    if (state && !state.done) {
      if (state.left === 0) {
        state.done = true;
        await interrupted.run(null, state.other);
      } else state.left -= 1;
    }
    return acquire.call(this);
  };
}

/**
 * Runs work, and other work from begin to end right before the work takes its connection of this number, counted from
 * 0: as another node would that is faster. The work takes one for each transaction and for each statement outside of
 * one. Returns false if the work ended before.
 */
export async function interruptAt(
  place: number,
  work: () => Promise<unknown>,
  other: () => Promise<unknown>,
): Promise<boolean> {
  install();
  const state: Interrupted = { left: place, other, done: false };
  await interrupted.run(state, work);
  return state.done;
}
