/** How many requests and streams may be under way, in all, for one caller, and for one network. */
export interface UpstreamLimits {
  readonly requests_max: number;
  readonly requests_per_caller_max: number;
  readonly streams_max: number;
  readonly streams_per_caller_max: number;
}

/** Whose share an exchange counts in. */
export interface ShareHolder {
  /** Id of the signed-in user; null for anonymous callers, who share what their network has. */
  readonly user: string | null;
  /** Address, or /64 of IPv6. */
  readonly network: string;
}

export type ShareKind = 'request' | 'stream';

/** A place in the pool; released once, however often `release` is called. */
export interface Place {
  readonly kind: ShareKind;
  /** Counts the exchange as a stream from now on; false when no stream is free, and nothing changes. */
  becomeStream(): boolean;
  release(): void;
}

export interface UpstreamShares {
  /** Takes a place, waiting up to `wait_ms` for one; null when none becomes free. Streams do not wait. */
  take(kind: ShareKind, holder: ShareHolder): Promise<Place | null>;
}

/** A short burst waits its turn; a full pool is reported to the client soon enough to try again. */
const wait_ms = 1000;

interface Waiter {
  readonly holder: ShareHolder;
  readonly key: string;
  readonly resolve: (place: Place | null) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * Divides the connections to the upstream among callers and networks, so that one of them cannot use them all.
 * In memory and per process: what it bounds is the connections of this process.
 */
export function makeUpstreamShares(limits: UpstreamLimits): UpstreamShares {
  const pools = {
    request: makePool(limits.requests_max, limits.requests_per_caller_max),
    stream: makePool(limits.streams_max, limits.streams_per_caller_max),
  };
  const waiting = new Set<Waiter>();

  function place(holder: ShareHolder, first: ShareKind): Place {
    let kind: ShareKind | null = first;
    const moveOut = () => {
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
        moveOut();
        kind = 'stream';
        return true;
      },
      release: moveOut,
    };
  }

  function serveWaiting(): void {
    for (const waiter of waiting) {
      if (!pools.request.add(waiter.holder)) continue;
      waiting.delete(waiter);
      clearTimeout(waiter.timer);
      waiter.resolve(place(waiter.holder, 'request'));
    }
  }

  return {
    async take(kind, holder) {
      if (pools[kind].add(holder)) return place(holder, kind);
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
  /** Counts one more; false when the pool, the caller or the network has no room. */
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
