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
  const pools = {
    request: makePool(limits.requests_max, limits.requests_per_caller_max),
    stream: makePool(limits.streams_max, limits.streams_per_caller_max),
  };
  const waiting = new Set<Waiter>();

  function makePlace(holder: ShareHolder, first: ShareKind): Place {
    let kind: ShareKind | null = first;
    const leavePool = () => {
      if (kind === null) return;
      pools[kind].remove(holder);
      kind = null;
      serveWaiting();
    };
    return {
      get kind() {
        return kind ?? first;
      },
      becomeStream() {
        if (kind !== 'request') return kind === 'stream';
        if (!pools.stream.add(holder)) return false;
        leavePool();
        kind = 'stream';
        return true;
      },
      release: leavePool,
    };
  }

  function serveWaiting(): void {
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

interface Pool {
  /** Counts one more exchange. Returns false if the pool, the caller or the network has no free place. */
  add(holder: ShareHolder): boolean;
  remove(holder: ShareHolder): void;
}

function makePool(all_max: number, per_caller_max: number): Pool {
  const per_network_max = Math.max(per_caller_max, Math.ceil(all_max / 2));
  const counts = new Map<string, number>();
  let all = 0;
  const countOf = (key: string) => counts.get(key) ?? 0;
  const set = (key: string, count: number) => {
    if (count > 0) counts.set(key, count);
    else counts.delete(key);
  };
  return {
    add(holder) {
      const [caller, network] = [callerKey(holder), `network ${holder.network}`];
      if (all >= all_max || countOf(caller) >= per_caller_max || countOf(network) >= per_network_max) return false;
      all += 1;
      set(caller, countOf(caller) + 1);
      set(network, countOf(network) + 1);
      return true;
    },
    remove(holder) {
      const [caller, network] = [callerKey(holder), `network ${holder.network}`];
      all -= 1;
      set(caller, countOf(caller) - 1);
      set(network, countOf(network) - 1);
    },
  };
}

function callerKey({ user, network }: ShareHolder): string {
  return user === null ? `anonymous ${network}` : `user ${user}`;
}
