import { destination, type DestinationStream } from 'pino';
import { request_event } from './http/request-log.ts';

/** Maximum time for which the line of a request waits in memory. */
const wait_ms_max = 500;
/** Length of waiting lines after which they are written. */
const waiting_length_max = 16_384;
const warn_level = 40;

/**
 * Makes the destination of the log: standard output, or the file descriptor `fd`.
 *
 * The lines of requests wait for others, for `wait_ms_max` at most: one system call for many lines. Any other line is
 * written immediately, after those that wait. The end of the process writes the rest, also after an uncaught error;
 * only SIGKILL loses it.
 */
export function logDestination(fd = 1): DestinationStream {
  const out = destination({ fd, sync: true });
  let waiting = '';
  let timer: NodeJS.Timeout | null = null;

  function writeWith(line: string): void {
    if (timer) clearTimeout(timer);
    timer = null;
    const lines = waiting + line;
    waiting = '';
    if (lines !== '') out.write(lines);
  }
  process.once('exit', () => writeWith(''));

  const stream = {
    // pino sets `lastLevel` and `lastObj` of a destination with this member.
    [Symbol.for('pino.metadata')]: true,
    lastLevel: 0,
    lastObj: null as unknown, // the members of the line, set by pino
    write(line: string) {
      if (stream.lastLevel >= warn_level || !isRequest(stream.lastObj)) return writeWith(line);
      waiting += line;
      if (waiting.length > waiting_length_max) writeWith('');
      else timer ??= setTimeout(() => writeWith(''), wait_ms_max).unref();
    },
  };
  return stream;
}

function isRequest(members: unknown): boolean {
  return typeof members === 'object' && members !== null && Reflect.get(members, 'event') === request_event;
}
