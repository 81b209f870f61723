import { AsyncLocalStorage } from 'node:async_hooks';

/** Calls of a second that Stripe allows for one account: fewer in a sandbox. Reads and writes count separately. */
const PER_SECOND = { live: 100, test: 25 } as const;

/**
 * Share that this process takes, so that a burst is not refused. Each process counts its own calls, because a common
 * count costs a statement for each call: Stripe carries out nothing of a call that it refuses with 429, and what the
 * caller does not know is looked up by its key.
 */
const SHARE = 0.8;

/** The longest that a call waits. It is not sent later: its caller may have given up. */
const WAIT_MS_MAX = 8000;

/** Paces of accounts that are kept; those that are full are removed above it. */
const KEPT_MAX = 1000;

const priority = new AsyncLocalStorage<'payer' | 'job'>();

/** Runs the calls of a payer who waits before those of jobs. */
export function forPayer<T>(call: () => Promise<T>): Promise<T> {
  return priority.run('payer', call);
}

interface Waiting {
  start: () => void;
  refuse: (error: Error) => void;
  until_ms: number;
}

/** Tokens of one account for reads or for writes. */
interface Pace {
  tokens: number;
  filled_ms: number;
  payers: Waiting[];
  jobs: Waiting[];
  timer: NodeJS.Timeout | null;
}

export interface CallPacer {
  /** Resolves when a call may be sent. Rejects, without a call, after 8 s. */
  wait(account: string, isWrite: boolean): Promise<void>;
}

/** Makes the token buckets of a key: one for the reads and one for the writes of each account. */
export function makeCallPacer(mode: 'live' | 'test', now_ms: () => number = () => performance.now()): CallPacer {
  const per_second = PER_SECOND[mode] * SHARE;
  const paces = new Map<string, Pace>();

  function fill(pace: Pace): void {
    const now = now_ms();
    pace.tokens = Math.min(per_second, pace.tokens + ((now - pace.filled_ms) / 1000) * per_second);
    pace.filled_ms = now;
  }
  function serve(pace: Pace): void {
    if (pace.timer !== null) clearTimeout(pace.timer);
    pace.timer = null;
    fill(pace);
    const now = now_ms();
    for (const queue of [pace.payers, pace.jobs]) {
      while (queue[0] !== undefined && (pace.tokens >= 1 || queue[0].until_ms <= now)) {
        const next = queue.shift();
        if (next === undefined) break;
        if (next.until_ms <= now) next.refuse(new Error('too many calls to Stripe wait: this one was not sent'));
        else {
          pace.tokens -= 1;
          next.start();
        }
      }
    }
    if (pace.payers.length + pace.jobs.length === 0) return;
    pace.timer = setTimeout(() => serve(pace), Math.max(1, ((1 - pace.tokens) / per_second) * 1000));
  }
  function paceOf(key: string): Pace {
    const known = paces.get(key);
    if (known) return known;
    if (paces.size >= KEPT_MAX) {
      for (const [each, pace] of paces) {
        fill(pace);
        if (pace.timer === null && pace.tokens >= per_second) paces.delete(each);
      }
    }
    const pace: Pace = { tokens: per_second, filled_ms: now_ms(), payers: [], jobs: [], timer: null };
    paces.set(key, pace);
    return pace;
  }
  return {
    async wait(account, isWrite) {
      const pace = paceOf(`${account} ${isWrite}`);
      fill(pace);
      if (pace.tokens >= 1 && pace.payers.length === 0 && pace.jobs.length === 0) {
        pace.tokens -= 1;
        return;
      }
      await new Promise<void>((resolve, reject) => {
        const queue = priority.getStore() === 'payer' ? pace.payers : pace.jobs;
        queue.push({ start: resolve, refuse: reject, until_ms: now_ms() + WAIT_MS_MAX });
        serve(pace);
      });
    },
  };
}
