import type { Clock } from './clock.ts';

/** Makes the function that returns the instant of a line as `isoTime` of pino does; formats the date once a second. */
export function makeLogTime(clock: Clock): () => string {
  let second_ms = Number.NaN;
  let text = '';
  return () => {
    const now_ms = clock.now().getTime();
    const rest_ms = now_ms % 1000;
    if (now_ms - rest_ms !== second_ms) {
      second_ms = now_ms - rest_ms;
      text = `,"time":"${new Date(second_ms).toISOString().slice(0, -4)}`;
    }
    return `${text}${String(rest_ms).padStart(3, '0')}Z"`;
  };
}
