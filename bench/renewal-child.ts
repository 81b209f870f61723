import { readFileSync, writeFileSync } from 'node:fs';
import { openSite } from '../src/commands/open-site.ts';
import { limitHeap } from '../src/platform/limit-heap.ts';
import { trimHeap } from '../src/platform/trim-heap.ts';
import { countStatements } from './statement-count.ts';

/** Started by renewals.ts with an IPC channel: runs one job at an instant for each message, and reports its cost. */
export interface JobRequest {
  job: string;
  /** ISO. */
  at: string;
  is_counted: boolean;
}

export interface JobCost {
  duration_s: number;
  cpu_s: number;
  /** Largest resident memory of the process during the job. */
  peak_bytes: number;
  /** Null when they were not counted: their texts take memory. */
  statements: readonly string[] | null;
  exchanges_count: number;
  transactions_count: number;
}

const { tollgate, close } = await openSite();
// As `tollgate work` does.
trimHeap();
limitHeap();

async function runCounted({ job: name, at, is_counted }: JobRequest): Promise<JobCost> {
  const job = tollgate.worker.jobs.find((each) => each.name === name);
  if (!job) throw new Error(`there is no job ${name}`);
  const run = () => tollgate.worker.run(job, new Date(at));
  forgetPeak();
  const before = process.cpuUsage();
  const started_ms = performance.now();
  const count = is_counted ? await countStatements(run) : null;
  if (!count) await run();
  const { user, system } = process.cpuUsage(before);
  return {
    duration_s: (performance.now() - started_ms) / 1000,
    cpu_s: (user + system) / 1e6,
    peak_bytes: peakBytes(),
    statements: count?.statements ?? null,
    exchanges_count: count?.exchanges_count ?? 0,
    transactions_count: count?.transactions_count ?? 0,
  };
}

/** Starts the measurement of `peakBytes` again: loading the program takes more than it keeps. See proc(5). */
function forgetPeak(): void {
  writeFileSync('/proc/self/clear_refs', '5');
}

function peakBytes(): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0) * 1024;
}

process.on('message', (request: JobRequest | 'stop') => {
  if (request === 'stop') {
    void close().then(() => process.disconnect());
    return;
  }
  void runCounted(request).then(
    (cost) => process.send?.(cost),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
process.send?.('ready');
