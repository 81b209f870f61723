import type { Logger } from 'pino';
import type { Context } from '#platform/context';
import type { RequestTarget } from '../rules/index.ts';

/** An open WebSocket or event stream, with the facts on which its request was granted. */
export interface OpenStream {
  readonly ctx: Context;
  readonly method: string;
  readonly target: RequestTarget;
  readonly authorization: string | undefined;
  end(): void;
}

export interface OpenStreams {
  add(stream: OpenStream, channel: { once(event: 'close', listener: () => void): unknown }): void;
  /** Checks the streams after `together_ms` instead of at the next interval; called after a change by this process. */
  checkSoon(): void;
  close(): void;
}

/** Below a second, so that a change of another node takes effect within one. */
const interval_ms = 800;
/** Changes within this time are checked together. */
const together_ms = 50;

/**
 * Ends open streams whose request would now be refused. Checks do not overlap, and none runs while no stream is open.
 *
 * Streams stay open while the database does not respond: an outage must not disconnect every user.
 */
export function makeOpenStreams(
  findRefused: (streams: readonly OpenStream[]) => Promise<readonly OpenStream[]>,
  log: Logger,
): OpenStreams {
  const streams = new Set<OpenStream>();
  let timer: NodeJS.Timeout | null = null;
  let due_ms = Number.POSITIVE_INFINITY;
  let checking = false;

  function schedule(in_ms: number): void {
    const at_ms = performance.now() + in_ms;
    if (streams.size === 0 || at_ms >= due_ms) return;
    if (timer) clearTimeout(timer);
    due_ms = at_ms;
    timer = setTimeout(() => void check(), in_ms).unref();
  }

  async function check(): Promise<void> {
    timer = null;
    due_ms = Number.POSITIVE_INFINITY;
    if (checking) {
      schedule(together_ms);
      return;
    }
    checking = true;
    try {
      for (const stream of await findRefused([...streams])) {
        streams.delete(stream);
        stream.end();
      }
    } catch (error) {
      log.warn({ err: error, streams_count: streams.size }, 'open streams could not be checked');
    } finally {
      checking = false;
      schedule(interval_ms);
    }
  }

  return {
    add(stream, channel) {
      streams.add(stream);
      channel.once('close', () => streams.delete(stream));
      schedule(interval_ms);
    },
    checkSoon: () => schedule(together_ms),
    close() {
      if (timer) clearTimeout(timer);
      streams.clear();
    },
  };
}
