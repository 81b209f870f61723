import { readdirSync, readFileSync } from 'node:fs';
import { readCpuMs } from './child.ts';

/**
 * CPU time of the open connections to a database, user and system, in ms, by process id of the server. Empty if the
 * server runs on another machine or does not set the titles of its processes.
 */
export function readDatabaseCpuMs(database_url: string): Map<string, number> {
  const title = ` ${new URL(database_url).pathname.slice(1)} `;
  const times = new Map<string, number>();
  for (const pid of readdirSync('/proc')) {
    if (!/^[0-9]+$/.test(pid)) continue;
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      if (command.startsWith('postgres:') && command.includes(title)) times.set(pid, readCpuMs(Number(pid)));
    } catch {
      // The process ended meanwhile.
    }
  }
  return times;
}

/** Returns what the connections used since an earlier reading; those that were closed meanwhile are not counted. */
export function sumSince(before: ReadonlyMap<string, number>, now: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const [pid, ms] of now) sum += ms - (before.get(pid) ?? 0);
  return sum;
}
