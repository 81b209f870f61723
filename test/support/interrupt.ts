import { AsyncLocalStorage } from 'node:async_hooks';
import { Stripe } from 'stripe';
import { GatedPool } from '../../src/platform/db/gated-pool.ts';

interface Interrupted {
  /** Points that the work still passes before the other work runs. */
  left: number;
  readonly other: () => Promise<unknown>;
  done: boolean;
}

interface Acquiring {
  acquire(this: GatedPool): Promise<unknown>;
}

const interrupted = new AsyncLocalStorage<Interrupted | null>();
let is_installed = false;

async function pass(): Promise<void> {
  const state = interrupted.getStore();
  if (!state || state.done) return;
  if (state.left > 0) {
    state.left -= 1;
    return;
  }
  state.done = true;
  await interrupted.run(null, state.other);
}

function install(): void {
  if (is_installed) return;
  is_installed = true;
  const pools = GatedPool.prototype as unknown as Acquiring; // acquire is protected
  const { acquire } = pools;
  pools.acquire = async function (this: GatedPool) {
    await pass();
    return acquire.call(this);
  };
  const clients = Object.getPrototypeOf(Stripe.createNodeHttpClient()) as Pick<Stripe.HttpClient, 'makeRequest'>;
  const { makeRequest } = clients;
  clients.makeRequest = async function (this: Stripe.HttpClient, ...request) {
    await pass();
    const response = await makeRequest.apply(this, request);
    await pass();
    return response;
  };
}

/**
 * Runs work, and other work from begin to end at the point of this number in it, counted from 0: as another node would
 * that is faster. Points: the work takes a connection, as for each transaction and for each statement outside of
 * one; a call of Stripe is about to be sent; its response has arrived. Returns false if the work ended before.
 */
export async function interruptAt(
  point: number,
  work: () => Promise<unknown>,
  other: () => Promise<unknown>,
): Promise<boolean> {
  install();
  const state: Interrupted = { left: point, other, done: false };
  await interrupted.run(state, work);
  return state.done;
}
