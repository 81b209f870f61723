/** Maxima of concurrent requests and streams, in total and per caller. One network may use half of the total. */
export interface UpstreamLimits {
  readonly requests_max: number;
  readonly requests_per_caller_max: number;
  readonly streams_max: number;
  readonly streams_per_caller_max: number;
}

/** The caller in whose share an exchange is counted. */
export interface ShareHolder {
  /** Id of the signed-in user; null for anonymous callers, who have one share per network. */
  readonly user: string | null;
  /** Address, or /64 of IPv6. */
  readonly network: string;
}

export type ShareKind = 'request' | 'stream';

/** A place in the pool. Further calls of `release` have no effect. */
export interface Place {
  readonly kind: ShareKind;
  /** Moves the exchange to the pool of streams. Returns false and changes nothing if no stream is free. */
  becomeStream(): boolean;
  release(): void;
}

export interface UpstreamShares {
  /** Takes a place. A request waits up to `wait_ms` for one, a stream does not wait. Null if none becomes free. */
  take(kind: ShareKind, holder: ShareHolder): Promise<Place | null>;
  /** Takes a place that is free now; null if there is none. */
  takeNow(kind: ShareKind, holder: ShareHolder): Place | null;
}

/** Maximum wait for a place; long enough for a short burst, short enough for a retry of the client. */
const wait_ms = 1000;

interface Waiter {
  readonly holder: ShareHolder;
  readonly key: string;
  readonly resolve: (place: Place | null) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * Divides the connections to the upstream among callers and networks, so that no caller or network can use all of them.
 * In memory and per process: it bounds the connections of this process.
 */
// long: places and waiters share the pools
export function makeUpstreamShares(limits: UpstreamLimits): UpstreamShares {
  const pools: Pools = {
    request: makePool(limits.requests_max, limits.requests_per_caller_max),
    stream: makePool(limits.streams_max, limits.streams_per_caller_max),
  };
  const waiting = new Set<Waiter>();
  const makePlace = (holder: ShareHolder, kind: ShareKind): Place => new TakenPlace(pools, holder, kind, serveWaiting);

  function serveWaiting(): void {
    if (waiting.size === 0) return;
    for (const waiter of waiting) {
      if (!pools.request.add(waiter.holder)) continue;
      waiting.delete(waiter);
      clearTimeout(waiter.timer);
      waiter.resolve(makePlace(waiter.holder, 'request'));
    }
  }

  const takeNow = (kind: ShareKind, holder: ShareHolder) => (pools[kind].add(holder) ? makePlace(holder, kind) : null);
  return {
    takeNow,
    async take(kind, holder) {
      const free = takeNow(kind, holder);
      if (free !== null) return free;
      const key = callerKey(holder);
      const mine = [...waiting].filter((waiter) => waiter.key === key).length;
      if (kind === 'stream' || waiting.size >= limits.requests_max || mine >= limits.requests_per_caller_max)
        return null;
      return new Promise((resolve) => {
        const timer = setTimeout(() => {
          waiting.delete(waiter);
          resolve(null);
        }, wait_ms);
        const waiter: Waiter = { holder, key, resolve, timer };
        waiting.add(waiter);
      });
    },
  };
}

type Pools = Readonly<Record<ShareKind, Pool>>;

class TakenPlace implements Place {
  readonly #pools: Pools;
  readonly #holder: ShareHolder;
  readonly #onReleased: () => void;
  #kind: ShareKind;
  #is_released = false;

  constructor(pools: Pools, holder: ShareHolder, kind: ShareKind, onReleased: () => void) {
    this.#pools = pools;
    this.#holder = holder;
    this.#kind = kind;
    this.#onReleased = onReleased;
  }

  get kind(): ShareKind {
    return this.#kind;
  }

  becomeStream(): boolean {
    if (this.#is_released || this.#kind === 'stream') return !this.#is_released;
    if (!this.#pools.stream.add(this.#holder)) return false;
    this.#pools.request.remove(this.#holder);
    this.#kind = 'stream';
    this.#onReleased();
    return true;
  }

  release(): void {
    if (this.#is_released) return;
    this.#is_released = true;
    this.#pools[this.#kind].remove(this.#holder);
    this.#onReleased();
  }
}

interface Pool {
  /** Counts one more exchange. Returns false if the pool, the caller or the network has no free place. */
  add(holder: ShareHolder): boolean;
  remove(holder: ShareHolder): void;
}

function makePool(all_max: number, per_caller_max: number): Pool {
  const per_network_max = Math.max(per_caller_max, Math.ceil(all_max / 2));
  const [users, anonymous, networks] = [makeCounts(all_max), makeCounts(all_max), makeCounts(all_max)];
  let all = 0;
  const change = ({ user, network }: ShareHolder, by: 1 | -1) => {
    all += by;
    if (user === null) anonymous.change(network, by);
    else users.change(user, by);
    networks.change(network, by);
  };
  return {
    add(holder) {
      const { user, network } = holder;
      const of_caller = user === null ? anonymous.get(network) : users.get(user);
      if (all >= all_max || of_caller >= per_caller_max || networks.get(network) >= per_network_max) return false;
      change(holder, 1);
      return true;
    },
    remove: (holder) => change(holder, -1),
  };
}

interface Counts {
  get(key: string): number;
  change(key: string, by: number): void;
}

/**
 * Counts by key; at most `all_max` are not 0. Counts of 0 stay until there are as many again: a map in which each
 * request adds and removes a key is copied every few requests.
 */
function makeCounts(all_max: number): Counts {
  const counts = new Map<string, number>();
  const get = (key: string) => counts.get(key) ?? 0;
  return {
    get,
    change(key, by) {
      counts.set(key, get(key) + by);
      if (counts.size <= 2 * all_max) return;
      for (const [each, count] of counts) if (count === 0) counts.delete(each);
    },
  };
}

function callerKey({ user, network }: ShareHolder): string {
  return user === null ? `anonymous ${network}` : `user ${user}`;
}
