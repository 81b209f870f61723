import type { Logger } from 'pino';
import type { Context } from '#platform/context';
import type { RequestTarget } from '../rules/index.ts';

/** A WebSocket or event stream that was granted and is still open, with what its request was decided on. */
export interface OpenStream {
  readonly ctx: Context;
  readonly method: string;
  readonly target: RequestTarget;
  readonly authorization: string | undefined;
  end(): void;
}

export interface OpenStreams {
  add(stream: OpenStream, channel: { once(event: 'close', listener: () => void): unknown }): void;
  /** This process has changed something: the streams are checked now rather than at the next interval. */
  checkSoon(): void;
  close(): void;
}

/** Below a second, so that a change of another node takes effect within one. */
const interval_ms = 800;
/** Changes that follow each other closely are checked together. */
const together_ms = 50;

/**
 * Ends open streams whose request would now be refused. Nothing runs while none is open, and one check at a time.
 *
 * When the database does not respond, streams stay open until it does: an outage must not disconnect every user.
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
