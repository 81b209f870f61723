import { durationText, measureProgress } from '#kernel/progress';

/** Reports the progress of a long command to the reader who waits. */
export interface ProgressReport {
  report(done: number, total: number): void;
  /** Ends the line. */
  end(): void;
}

/** A terminal shows one line that changes; a file gets a line after each of these times. */
const TERMINAL_MS = 200;
const FILE_MS = 10_000;

interface Stream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Writes what is done, what is left and the rate, on standard error: the output of the command is unchanged. */
export function reportProgress(
  unit: string,
  stream: Stream = process.stderr,
  now_ms = () => performance.now(),
): ProgressReport {
  const started_ms = now_ms();
  const is_terminal = stream.isTTY === true;
  let shown_ms = started_ms;
  let has_line = false;
  return {
    report(done, total) {
      const at_ms = now_ms();
      if (at_ms - shown_ms < (is_terminal ? TERMINAL_MS : FILE_MS)) return;
      shown_ms = at_ms;
      has_line = true;
      const text = progressText(unit, done, total, at_ms - started_ms);
      stream.write(is_terminal ? `\r\u001b[K${text}` : `${text}\n`);
    },
    end() {
      if (is_terminal && has_line) stream.write('\r\u001b[K');
    },
  };
}

/** `120 of 480 days (25 %), 12.0 days per second, 30 s left`. Pure. */
export function progressText(unit: string, done: number, total: number, elapsed_ms: number): string {
  const { part, per_second, left_ms } = measureProgress(done, total, elapsed_ms);
  const rate = per_second === null ? '' : `, ${per_second.toFixed(1)} ${unit} per second`;
  const left = left_ms === null ? '' : `, ${durationText(left_ms)} left`;
  return `${done} of ${total} ${unit} (${Math.floor(part * 100)} %)${rate}${left}`;
}
