import { measureProgress, type Progress } from '#kernel/progress';
import type { MovableClock } from '../clock.ts';
import type { DueReport, MoveOptions } from '../jobs/run-due.ts';
import { clockProblems } from './problems.ts';

/** A move of the clock: the one that runs, or the last one. */
export interface ClockMove {
  from: Date;
  to: Date;
  /** Last instant whose work is done. */
  at: Date;
  state: 'running' | 'done' | 'cancelled' | 'failed';
  runs_count: number;
  failed: DueReport['failed'];
  /** Cause of a move that ended with an error. */
  error: string | null;
  took_ms: number;
  /** In days of the site per second of real time. */
  progress: Progress;
}

/** The moves of the clock of a site: one at a time. */
export interface ClockMoves {
  /** The move that runs or the last one; null before the first. */
  current(): ClockMove | null;
  /**
   * Starts a move. `done` resolves when it ended, also when it was cancelled.
   *
   * @throws clock_moving (409)
   */
  start(to: Date): { done: Promise<ClockMove> };
  /** Ends the move that runs after the work of its instant; false if none runs. */
  cancel(): boolean;
}

const DAY_MS = 86_400_000;

export function makeClockMoves(
  clock: MovableClock,
  runDue: (to: Date, options: MoveOptions) => Promise<DueReport>,
): ClockMoves {
  let move: Omit<ClockMove, 'took_ms' | 'progress'> | null = null;
  let started_ms = 0;
  let ended_ms: number | null = null;
  let stop = new AbortController();

  function current(): ClockMove | null {
    if (!move) return null;
    const took_ms = (ended_ms ?? performance.now()) - started_ms;
    const days = (until: Date, since: Date) => (until.getTime() - since.getTime()) / DAY_MS;
    const progress = measureProgress(days(move.at, move.from), days(move.to, move.from), took_ms);
    return { ...move, took_ms, progress };
  }

  async function run(running: NonNullable<typeof move>): Promise<ClockMove> {
    try {
      const report = await runDue(running.to, {
        signal: stop.signal,
        onStep(at, { runs_count, failed }) {
          Object.assign(running, { at, runs_count, failed });
        },
      });
      const { runs_count, failed, is_cancelled } = report;
      Object.assign(running, { at: clock.now(), runs_count, failed, state: is_cancelled ? 'cancelled' : 'done' });
    } catch (error) {
      Object.assign(running, { at: clock.now(), state: 'failed', error: String(error) });
      throw error;
    } finally {
      ended_ms = performance.now();
    }
    return current() ?? { ...running, took_ms: 0, progress: measureProgress(0, 0, 0) };
  }

  return {
    current,
    start(to) {
      if (move?.state === 'running') throw clockProblems.clock_moving();
      stop = new AbortController();
      const from = clock.now();
      const running = { from, to, at: from, state: 'running' as const, runs_count: 0, failed: [], error: null };
      move = running;
      started_ms = performance.now();
      ended_ms = null;
      return { done: run(running) };
    },
    cancel() {
      if (move?.state !== 'running') return false;
      stop.abort();
      return true;
    },
  };
}
